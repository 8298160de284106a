import { AristarchError } from '../../base/errors.ts';
import type { Explanation, RawRecord } from '../../scoring/detector.ts';
import { toShownDrift } from '../http/page/shown-drift.ts';
import { toShownModel } from '../http/page/shown-model.ts';
import { toShownModels } from '../http/page/shown-models.ts';
import { createMetrics } from '../metrics.ts';
import type { ChangeableModels, Models, OpenModel } from '../models/port.ts';
import { createReadiness } from '../readiness.ts';
import { RecentScores } from '../recent-scores.ts';
import { type Closer, closeAll } from '../close-all.ts';
import { type Entrances, type ProcessParts, startEntrances } from '../scoring-entrances.ts';
import { countRejections } from '../security/count-rejections.ts';
import { openSecurity } from '../security/security.ts';
import { toServedModel } from '../served.ts';
import { type Channel, toPlainError } from '../../base/channel.ts';
import { createChanges, type WorkerChanges } from './changes.ts';
import type { ChangeOrder, PrimaryCalls, StartOrder, WorkerCalls, WorkerFacts } from './contract.ts';
import { startPulse } from './pulse.ts';

type Primary = Channel<PrimaryCalls>;
export type WorkerParts = Omit<ProcessParts, 'config' | 'onFatal'>;

/** A worker that has been told to start. */
export interface StartedWorker extends Omit<WorkerCalls, 'start'> {
  readonly facts: WorkerFacts;
}

/** Opens what a worker serves: all of a service but its HTTP entrance, which the primary has for all workers. */
export async function startWorker(
  { config, unloaded }: Pick<StartOrder, 'config' | 'unloaded'>,
  parts: WorkerParts,
  primary: Primary,
): Promise<StartedWorker> {
  const { clock } = parts;
  const closers: Closer[] = [];
  const metrics = createMetrics({ process: parts.processMetrics ?? false, clock });
  const recent = new RecentScores();
  const readiness = createReadiness();
  for (const part of ['model', 'grpc'] as const) readiness.set(part, { waitsFor: 'starting' });
  const security = countRejections(await openSecurity({ ...parts, config }), metrics.batching.onRejection);
  closers.push(() => security.close());
  const shown = createShown(primary, config.falsePositiveRate, unloaded);
  const onFatal = (error: AristarchError): void => void tell(primary.ask('fatal', toPlainError(error)));
  const { onDefault, onModels } = shown;
  const own = { ...parts, config, onFatal, security, metrics, recent, readiness, onDefault, onModels };
  const entrances = await startEntrances(own, closers);
  const { checks } = readiness;
  const send = (pulse: Parameters<PrimaryCalls['pulse']>[0]): void => void tell(primary.ask('pulse', pulse));
  closers.unshift(startPulse({ ...shown, recent, checks, send, wallMs: clock.wallMs }));
  metrics.workers.running.set(1);
  return {
    facts: factsOf(entrances),
    joined: () => entrances.joining ?? Promise.resolve(),
    snapshot: () => metrics.snapshot(),
    explain: ({ record, topK }) => shown.explain(record, topK),
    change: (order) => shown.change(order),
    stop: async () => {
      const byMs = clock.monotonicMs() + config.drainTimeoutMs;
      await closeAll(closers, byMs, parts.log);
    },
  };
}

function factsOf({ model, grpc }: Entrances): WorkerFacts {
  return { model: model && toServedModel(model), grpc };
}

/** What the primary is not there for any more is nobody's loss: this process ends with it. */
function tell(told: Promise<unknown>): Promise<unknown> {
  return told.catch(() => undefined);
}

/** The models, for the live page, and for calls that come in at another worker. */
function createShown(primary: Primary, falsePositiveRate: number | undefined, unloaded: readonly string[]) {
  let current: OpenModel | undefined;
  let models: Models | undefined;
  let changes: WorkerChanges | undefined;
  return {
    onDefault: (model: OpenModel): void => {
      current = model;
      const { description, detector } = model;
      const shown = toShownModel({ description, thresholdAt: (rate) => detector.thresholdAt(rate) }, falsePositiveRate);
      void tell(primary.ask('show', shown));
    },
    onModels: (opened: Models): ChangeableModels => {
      models = opened;
      for (const model of unloaded) applyUnloaded(opened, model);
      changes = createChanges(opened, primary);
      return changes.changeable;
    },
    change: (order: ChangeOrder): Promise<string> =>
      changes?.change(order) ?? Promise.reject(new AristarchError('UNAVAILABLE', 'the models are not open yet')),
    explain: async (record: RawRecord, topK: number): Promise<Explanation> => {
      if (current === undefined) throw new AristarchError('PRECONDITION_FAILED', 'there is no default model');
      return (await current.detector.explain([record], { topK }))[0]!;
    },
    drift: () => current?.drift && toShownDrift(current.drift.summary()),
    models: () => toShownModels(models?.list() ?? []),
  };
}

/** A model that was unloaded may be gone from the folder by now. */
function applyUnloaded(models: Models, model: string): void {
  try {
    void models.unload(model);
  } catch (thrown) {
    if (!(thrown instanceof AristarchError && thrown.code === 'NOT_FOUND')) throw thrown;
  }
}
