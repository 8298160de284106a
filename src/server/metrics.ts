import { readVersion } from '../base/version.ts';
import { SYSTEM_CLOCK, type Clock } from './clock.ts';
import { batchingMetrics } from './metrics/batching.ts';
import { callMetrics } from './metrics/calls.ts';
import { candidateMetrics } from './metrics/candidates.ts';
import { driftMetrics, setDrift } from './metrics/drift.ts';
import {
  addProcessMetrics,
  createInstruments,
  render,
  type Instruments,
  type Rendered,
} from './metrics/instruments.ts';
import { takeSnapshot, type Snapshot } from './metrics/together.ts';
import { kafkaMetrics } from './metrics/kafka.ts';
import { inferenceMetrics } from './metrics/inference.ts';
import { modelMetrics, setModels, type WatchedModels } from './metrics/models.ts';
import { requestMetrics, sampleMetrics } from './metrics/requests.ts';
import { stageMetrics } from './metrics/stages.ts';
import { tracingMetrics } from './metrics/tracing.ts';
import { workerMetrics } from './metrics/workers.ts';

/**
 * Every metric of the serve process; the folder beside has one file for each room of them. Prefix `aristarch_`, base units
 * (seconds, rows, bytes), `_total` on counters. No label ever holds a value that a user sends: labels are transports, error
 * codes, topics, partitions, and names of the model's own fields, which whoever trained the model chose and no sender can add to.
 * Metrics are made per instance, with a registry of their own, so that two servers in one process do not mix.
 */
export type Metrics = ReturnType<typeof createMetrics>;

/** How a request came in; the value of the label `transport`. */
export type Transport = 'grpc' | 'grpc_stream' | 'inference' | 'kafka';

export interface MetricsOptions {
  /** CPU, memory, event loop and garbage collection of the process as well; on in the serve process. */
  readonly process?: boolean;
  readonly clock?: Pick<Clock, 'monotonicMs'>;
  /** The trace that the work at hand belongs to, for exemplars: hexadecimal, undefined for none. */
  readonly traceId?: () => string | undefined;
}

export function createMetrics(options: MetricsOptions = {}) {
  const { clock = SYSTEM_CLOCK, traceId = () => undefined } = options;
  const instruments = createInstruments();
  const { registry } = instruments;
  if (options.process === true) addProcessMetrics(instruments);
  const stages = stageMetrics(instruments, clock);
  const models = modelMetrics(instruments);
  const drift = driftMetrics(instruments);
  let readModels: (() => WatchedModels) | undefined;
  const look = (): void => {
    const watched = readModels?.();
    if (watched !== undefined) setModels(models, watched);
    setDrift(drift, watched?.drift);
  };
  return {
    registry,
    ...requestMetrics(instruments),
    ...sampleMetrics(instruments),
    ...processMetrics(instruments),
    stages,
    traceId,
    models,
    batching: batchingMetrics(instruments, stages),
    calls: callMetrics(instruments),
    inference: inferenceMetrics(instruments),
    kafka: kafkaMetrics(instruments, stages),
    candidates: candidateMetrics(instruments),
    tracing: tracingMetrics(instruments),
    workers: workerMetrics(instruments),
    /** Asks at each scrape which models are open, and how what the default one scores drifts. */
    watchModels(read: () => WatchedModels): void {
      readModels = read;
    },
    /** The scrape, in a format that the scraper accepts, and its content type. */
    async render(accept?: string): Promise<Rendered> {
      look();
      return render(registry, accept);
    },
    /** The same as plain data, for another process to add up. */
    async snapshot(): Promise<Snapshot> {
      look();
      return takeSnapshot(registry);
    },
  };
}

/** The metrics of the process that other processes serve for: what it does itself. */
export function createPrimaryMetrics(clock: Pick<Clock, 'monotonicMs'>) {
  const instruments = createInstruments();
  const { registry } = instruments;
  addProcessMetrics(instruments);
  return {
    ...processMetrics(instruments),
    batching: batchingMetrics(instruments, stageMetrics(instruments, clock)),
    workers: workerMetrics(instruments),
    snapshot: (): Promise<Snapshot> => takeSnapshot(registry),
  };
}

export type PrimaryMetrics = ReturnType<typeof createPrimaryMetrics>;

function processMetrics({ gauge }: Instruments) {
  gauge('build_info', 'Always 1; the labels say which Aristarch runs on which Node.', {
    labelNames: ['version', 'node'],
  }).set({ version: readVersion(), node: process.versions.node }, 1);
  return {
    startSeconds: gauge(
      'start_duration_seconds',
      'Time from the configuration read to ready, without the start of Node itself.',
    ),
  };
}
