import type { Explanation, RawRecord } from '../../scoring/detector.ts';
import type { ServeConfig } from '../config.ts';
import type { Checks } from '../http/handlers.ts';
import type { ShownDrift } from '../http/page/shown-drift.ts';
import type { ShownModel } from '../http/page/shown-model.ts';
import type { ShownModels } from '../http/page/shown-models.ts';
import type { Snapshot } from '../metrics/together.ts';
import type { ServedModel } from '../served.ts';
import type { RecentPoint, RecentScore, RecentTotals } from '../recent-scores.ts';
import type { PlainError } from '../../base/channel.ts';

/** What a worker can be asked for by the process that it works for. */
export interface WorkerCalls {
  /** Opens models and gRPC; begins to join Kafka's group. Throws what starting a service throws. */
  readonly start: (order: StartOrder) => Promise<WorkerFacts>;
  /** Resolves when every entrance is open. */
  readonly joined: (nothing: undefined) => Promise<void>;
  readonly snapshot: (nothing: undefined) => Promise<Snapshot>;
  /** By the default model. */
  readonly explain: (question: ExplainQuestion) => Promise<Explanation>;
  /** Does what some worker's caller asked for; answers the name of the model. */
  readonly change: (order: ChangeOrder) => Promise<string>;
  /** Finishes the work in flight, for as long as the drain timeout. */
  readonly stop: (nothing: undefined) => Promise<void>;
}

/** What a worker tells, or asks of, the process that it works for. */
export interface PrimaryCalls {
  /** From now on it hears what it is asked. */
  readonly awake: (nothing: undefined) => void;
  readonly pulse: (pulse: Pulse) => void;
  /** The default model, when it is first served and whenever another version has taken its place. */
  readonly show: (model: ShownModel) => void;
  /** All workers, the asking one first, do so. Throws the first error of any. */
  readonly spread: (order: ChangeOrder) => Promise<void>;
  /** A part has ended for good, and the service with it. */
  readonly fatal: (error: PlainError) => void;
}

export interface StartOrder {
  readonly config: ServeConfig;
  /** 1 to the number of workers. */
  readonly slot: number;
  /** Models that were taken out of service by a call. */
  readonly unloaded: readonly string[];
}

export interface WorkerFacts {
  readonly model: ServedModel | undefined;
  /** host:port. */
  readonly grpc: string;
}

export interface ExplainQuestion {
  readonly record: RawRecord;
  readonly topK: number;
}

/** A call that changes what is served. */
export type ModelChange =
  { readonly load: { readonly model: string; readonly version: string | undefined } } | { readonly unload: string };

export interface ChangeOrder {
  readonly change: ModelChange;
  /** By which the worker whose caller asked knows it again. */
  readonly ticket?: number;
}

/** What has changed in a worker since the last pulse; what has not is absent. */
export interface Pulse {
  readonly scores?: ScoresPulse;
  readonly checks?: Checks;
  readonly drift?: ShownDrift | undefined;
  readonly models?: ShownModels;
}

export interface ScoresPulse {
  /** Since the worker's start. */
  readonly totals: RecentTotals;
  /** New ones, oldest first; `sequence` counts the worker's own rows. */
  readonly points: readonly RecentPoint[];
  /** The worst of late, where they have changed. */
  readonly worst?: WorstPulse;
}

/** Those that were told of before are named by their sequence alone: the records behind rows may be large. */
export interface WorstPulse {
  /** Of all of them. */
  readonly sequences: readonly number[];
  readonly added: readonly RecentScore[];
}
