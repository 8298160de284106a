import { collectDefaultMetrics, Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import type { DetectorDescription } from '../scoring/detector.ts';
import { BulkHistogram } from './bulk-histogram.ts';

/**
 * Every metric of the serve process, in one place: prefix `aristarch_`, base units (seconds, rows, bytes), `_total` on
 * counters. No label ever holds a value that a user sends: labels are transports, error codes, topics and partitions.
 * Metrics are made per instance, with a registry of their own, so that two servers in one process do not mix.
 */
export type Metrics = ReturnType<typeof createMetrics>;

/** How a request came in; the value of the label `transport`. */
export type Transport = 'grpc' | 'grpc_stream' | 'kafka';

export interface MetricsOptions {
  /** CPU, memory, event loop and garbage collection of the process as well; on in the serve process. */
  readonly process?: boolean;
}

/** From 50 microseconds (one row through a small critic) to 10 s (the longest deadline anyone sets), about 2.2x apart. */
const SCORE_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10];
/** One row (an event), small batches, and the dense batches of offline callers; 4x apart. */
const REQUEST_ROWS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536];
/** Fine below the rates people alarm at (0.1 % to 5 %), coarse above: on normal traffic bucket `le` holds a share of `le`. */
const P_VALUES = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1];

export function createMetrics(options: MetricsOptions = {}) {
  const registry = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: registry, prefix: 'aristarch_' });
  const model = modelMetrics(registry);
  return {
    ...requestMetrics(registry),
    ...rowMetrics(registry),
    ...model,
    kafka: kafkaMetrics(registry),
    /** Says which model is served, and on which device it was proven to run. */
    describe({ name, version, family, device }: DetectorDescription): void {
      model.modelInfo.reset();
      model.modelInfo.set({ name, version, family }, 1);
      model.deviceInfo.reset();
      model.deviceInfo.set({ device }, 1);
    },
    /** The scrape: Prometheus' text format and its content type. */
    async render(): Promise<{ contentType: string; body: string }> {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function requestMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['transport'] as const;
  return {
    requests: new Counter({
      name: 'aristarch_requests_total',
      help: 'Scoring requests ended, by transport and by outcome (OK or the error code).',
      labelNames: ['transport', 'code'] as const,
      registers,
    }),
    requestsInFlight: new Gauge({
      name: 'aristarch_requests_in_flight',
      help: 'Scoring requests that are being worked on.',
      labelNames,
      registers,
    }),
    scoreSeconds: new Histogram({
      name: 'aristarch_score_duration_seconds',
      help: 'Time from the decoded request to its scores, model included, network excluded.',
      labelNames,
      buckets: SCORE_SECONDS,
      registers,
    }),
    requestRows: new Histogram({
      name: 'aristarch_request_rows',
      help: 'Rows in one scoring request.',
      labelNames,
      buckets: REQUEST_ROWS,
      registers,
    }),
  };
}

function rowMetrics(registry: Registry) {
  const registers = [registry];
  const pValues = new BulkHistogram({
    name: 'aristarch_p_value',
    help: 'P-values of scored rows; uniform on [0, 1] while traffic is as normal as the training rows were.',
    buckets: P_VALUES,
  });
  // prom-client's types know only its own classes; its registry asks for what `BulkHistogram` has.
  registry.registerMetric(pValues as unknown as Metric);
  const labelNames = ['transport'] as const;
  return {
    rowsScored: new Counter({ name: 'aristarch_rows_scored_total', help: 'Rows scored.', labelNames, registers }),
    rowsFlagged: new Counter({
      name: 'aristarch_rows_flagged_total',
      help: 'Rows whose p-value was at most the false-positive rate of their request.',
      labelNames,
      registers,
    }),
    pValues,
  };
}

function modelMetrics(registry: Registry) {
  const registers = [registry];
  return {
    modelInfo: new Gauge({
      name: 'aristarch_model_info',
      help: 'Always 1; the labels say which model is served.',
      labelNames: ['name', 'version', 'family'] as const,
      registers,
    }),
    deviceInfo: new Gauge({
      name: 'aristarch_device_info',
      help: 'Always 1; the label says which execution provider was proven to run the model.',
      labelNames: ['device'] as const,
      registers,
    }),
    startSeconds: new Gauge({
      name: 'aristarch_start_duration_seconds',
      help: 'Time from the start of the process to ready.',
      registers,
    }),
  };
}

function kafkaMetrics(registry: Registry) {
  const registers = [registry];
  return {
    recordsConsumed: new Counter({
      name: 'aristarch_kafka_records_consumed_total',
      help: 'Records read from the input topic, bad ones included.',
      labelNames: ['topic'] as const,
      registers,
    }),
    resultsProduced: new Counter({
      name: 'aristarch_kafka_results_produced_total',
      help: 'Results that the brokers acknowledged.',
      labelNames: ['topic'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'aristarch_kafka_dead_letters_total',
      help: 'Records that could not be scored, by error code; written to the dead-letter topic where one is set.',
      labelNames: ['reason'] as const,
      registers,
    }),
    commits: new Counter({
      name: 'aristarch_kafka_commits_total',
      help: 'Offset commits, each after its results were acknowledged.',
      labelNames: ['topic'] as const,
      registers,
    }),
    consumerLag: new Gauge({
      name: 'aristarch_kafka_consumer_lag_records',
      help: 'Records in the partition after the last one that was committed.',
      labelNames: ['topic', 'partition'] as const,
      registers,
    }),
    retries: new Counter({
      name: 'aristarch_kafka_retries_total',
      help: 'Operations tried again after a transient fault, by operation.',
      labelNames: ['operation'] as const,
      registers,
    }),
    consumerUp: new Gauge({
      name: 'aristarch_kafka_consumer_up',
      help: '1 while the consumer is a member of its group and is fetching, else 0.',
      registers,
    }),
  };
}
