import type { Clock } from '../clock.ts';
import type { Instruments } from './instruments.ts';

/** Where the time of a request goes. */
export type Stage = 'decode' | 'rows' | 'queue' | 'infer' | 'trial' | 'explain' | 'encode';

/** From 10 microseconds (a message of one row) to 2.5 s (a full batch on a busy machine), about 2.5x apart. */
const STAGE_SECONDS = [0.00001, 0.000025, 0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5];

export interface Stages {
  observe(stage: Stage, ms: number): void;
  /** Runs the work and observes how long it took, where it has a result; the span that it is a part of is told, too. */
  time<T>(stage: Stage, work: () => T, span?: StageSpan): T;
  timeAsync<T>(stage: Stage, work: () => Promise<T>, span?: StageSpan): Promise<T>;
}

/** Undefined where nothing is traced. */
type StageSpan = { readonly stage: (stage: Stage, startedMs: number, endedMs: number) => void } | undefined;

export function stageMetrics({ histogram }: Instruments, { monotonicMs }: Pick<Clock, 'monotonicMs'>): Stages {
  const help =
    'Time of one stage: decode (bytes of a request or of a batch of events to records), rows (records to raw rows), ' +
    "queue (a caller's wait for an inference), infer (one inference, of all its callers), trial (one of versions on trial alone), explain, " +
    'encode (scores to the bytes of a response or of result events).';
  const seconds = histogram('stage_duration_seconds', help, STAGE_SECONDS, 'stage');
  const observe = (stage: Stage, ms: number): void => seconds.observe(ms / 1000, stage);
  const end = (stage: Stage, startedMs: number, span: StageSpan): void => {
    const endedMs = monotonicMs();
    observe(stage, endedMs - startedMs);
    span?.stage(stage, startedMs, endedMs);
  };
  return {
    observe,
    time: (stage, work, span) => {
      const startedMs = monotonicMs();
      const result = work();
      if (result !== undefined) end(stage, startedMs, span);
      return result;
    },
    timeAsync: async (stage, work, span) => {
      const startedMs = monotonicMs();
      const result = await work();
      end(stage, startedMs, span);
      return result;
    },
  };
}
