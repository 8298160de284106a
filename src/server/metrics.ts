import { collectDefaultMetrics, Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import type { DetectorDescription } from '../scoring/detector.ts';
import { shiftedFields, type DriftSummary } from '../scoring/drift/drift-monitor.ts';
import type { Refusal } from './batching/admission.ts';
import { BulkCounter } from './bulk-counter.ts';
import { BulkHistogram } from './bulk-histogram.ts';

/**
 * Every metric of the serve process, in one place: prefix `aristarch_`, base units (seconds, rows, bytes), `_total` on
 * counters. No label ever holds a value that a user sends: labels are transports, error codes, topics, partitions, and
 * names of the model's own fields, which whoever trained the model chose and no sender can add to.
 * Metrics are made per instance, with a registry of their own, so that two servers in one process do not mix.
 */
export type Metrics = ReturnType<typeof createMetrics>;

/** How a request came in; the value of the label `transport`. */
export type Transport = 'grpc' | 'grpc_stream' | 'inference' | 'kafka';

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
  const models = modelMetrics(registry);
  const drift = driftMetrics(registry);
  let readModels: (() => WatchedModels) | undefined;
  return {
    ...requestMetrics(registry),
    ...sampleMetrics(registry),
    models,
    startSeconds: new Gauge({
      name: 'aristarch_start_duration_seconds',
      help: 'Time from the configuration read to ready, without the start of Node itself.',
      registers: [registry],
    }),
    kafka: kafkaMetrics(registry),
    batching: batchingMetrics(registry),
    /** Asks at each scrape which models are open, and how what the default one scores drifts. */
    watchModels(read: () => WatchedModels): void {
      readModels = read;
    },
    /** The scrape: Prometheus' text format and its content type. */
    async render(): Promise<{ contentType: string; body: string }> {
      const watched = readModels?.();
      if (watched !== undefined) setModels(models, watched.open);
      setDrift(drift, watched?.drift);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** Adds a metric of our own to a registry: prom-client's types know only its own classes; it asks for what these have. */
function register<M>(registry: Registry, metric: M): M {
  registry.registerMetric(metric as unknown as Metric);
  return metric;
}

const TRANSPORT = 'transport';

function requestMetrics(registry: Registry) {
  const count = <L extends string>(name: string, help: string, labelNames: readonly L[], type?: 'gauge') =>
    register(registry, new BulkCounter({ name: `aristarch_${name}`, help, labelNames, ...(type && { type }) }));
  const spread = (name: string, help: string, buckets: readonly number[], label?: string) =>
    register(registry, new BulkHistogram({ name: `aristarch_${name}`, help, buckets, ...(label && { label }) }));
  const outcomes = 'Scoring requests ended, by transport and by outcome (OK or the error code).';
  const seconds =
    'Time from the decoded request to its scores (and explanations, where asked for), model included, network excluded.';
  const flagged = 'Rows whose p-value was at most the false-positive rate of their request.';
  const pValues = 'P-values of scored rows; uniform on [0, 1] while traffic is as normal as the training rows were.';
  return {
    requests: count('requests_total', outcomes, [TRANSPORT, 'code']),
    requestsInFlight: count('requests_in_flight', 'Scoring requests that are being worked on.', [TRANSPORT], 'gauge'),
    scoreSeconds: spread('score_duration_seconds', seconds, SCORE_SECONDS, TRANSPORT),
    requestRows: spread('request_rows', 'Rows in one scoring request.', REQUEST_ROWS, TRANSPORT),
    rowsScored: count('rows_scored_total', 'Rows scored.', [TRANSPORT]),
    rowsFlagged: count('rows_flagged_total', flagged, [TRANSPORT]),
    pValues: spread('p_value', pValues, P_VALUES),
  };
}

function sampleMetrics(registry: Registry) {
  const registers = [registry];
  return {
    samples: new Counter({
      name: 'aristarch_sample_requests_total',
      help: 'Requests for made-up rows ended, by outcome (OK or the error code).',
      labelNames: ['code'] as const,
      registers,
    }),
    samplesInFlight: new Gauge({
      name: 'aristarch_samples_in_flight',
      help: 'Requests for made-up rows that are being worked on, or wait for their caller to read.',
      registers,
    }),
    rowsSampled: new Counter({
      name: 'aristarch_rows_sampled_total',
      help: 'Rows made up and handed over.',
      registers,
    }),
  };
}

/** What is read at a scrape. */
export interface WatchedModels {
  readonly open: readonly DetectorDescription[];
  readonly drift: DriftSummary | undefined;
}

/** From one row to the largest inference that is allowed by default, 2x apart: whether callers are scored together shows at the low end. */
const BATCH_ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 4096];

function batchingMetrics(registry: Registry) {
  const registers = [registry];
  const help = 'Rows of one inference, of all callers together.';
  const rows = register(registry, new BulkHistogram({ name: 'aristarch_batch_rows', help, buckets: BATCH_ROWS }));
  const rejections = new Counter({
    name: 'aristarch_rejections_total',
    help: 'Requests refused at once, because they could not be scored by their deadline or because too many rows wait.',
    labelNames: ['reason'] as const,
    registers,
  });
  const queues = new Set<() => number>();
  new Gauge({
    name: 'aristarch_queue_rows',
    help: 'Rows that wait for an inference, of all models.',
    registers,
    collect() {
      this.set([...queues].reduce((sum, read) => sum + read(), 0));
    },
  });
  return {
    onBatch: (count: number): void => rows.observe(count),
    onRefusal: (reason: Refusal): void => rejections.inc({ reason }),
    /** Asks how many rows wait at each scrape, until the returned function is called. */
    watchQueue: (read: () => number): (() => void) => {
      queues.add(read);
      return () => void queues.delete(read);
    },
  };
}

/** Reading, compiling and the self-test: milliseconds for a small critic, seconds where a CUDA context is made. */
const LOAD_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

function modelMetrics(registry: Registry) {
  const registers = [registry];
  return {
    info: new Gauge({
      name: 'aristarch_model_info',
      help: 'Always 1; the labels say which models are open. Their names are those of folders that the operator made.',
      labelNames: ['name', 'version', 'family'] as const,
      registers,
    }),
    device: new Gauge({
      name: 'aristarch_device_info',
      help: 'Always 1; the label says which execution provider was proven to run the model.',
      labelNames: ['device'] as const,
      registers,
    }),
    open: new Gauge({ name: 'aristarch_models_open', help: 'Models that are open.', registers }),
    loads: new Counter({
      name: 'aristarch_model_loads_total',
      help: 'Models opened, self-test included, by outcome (OK or the error code): what is not OK is not served.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    loadSeconds: new Histogram({
      name: 'aristarch_model_load_duration_seconds',
      help: 'Time to open a model, self-test included.',
      buckets: LOAD_SECONDS,
      registers,
    }),
    evictions: new Counter({
      name: 'aristarch_model_evictions_total',
      help: 'Models closed to make room for others.',
      registers,
    }),
  };
}

function setModels(metrics: ReturnType<typeof modelMetrics>, open: WatchedModels['open']): void {
  metrics.info.reset();
  metrics.device.reset();
  metrics.open.set(open.length);
  for (const { name, version, family, device } of open) {
    metrics.info.set({ name, version, family }, 1);
    metrics.device.set({ device }, 1);
  }
}

/** Fields with series of their own: a model of 1,500 columns must not make 4,500 series. The largest index covers all. */
const MOST_DRIFT_FIELDS = 200;

function driftMetrics(registry: Registry) {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `aristarch_drift_${name}`, help, registers: [registry] });
  const fieldGauge = (name: string, help: string) =>
    new Gauge({
      ...{ name: `aristarch_drift_field_${name}`, help: `${help} The first ${MOST_DRIFT_FIELDS} fields only.` },
      labelNames: ['field'] as const,
      registers: [registry],
    });
  return {
    martingale: gauge('martingale_log10', 'log10 of the test martingale on the scores; large values speak of drift.'),
    largest: gauge('martingale_largest_log10', 'The largest value of aristarch_drift_martingale_log10 so far.'),
    threshold: gauge('alarm_threshold_log10', 'Value of aristarch_drift_martingale_log10 that raises the alarm.'),
    alarm: gauge('alarm', '1 once the martingale has reached its threshold, until the process starts anew; else 0.'),
    fieldsShifted: gauge('fields_shifted', 'Fields with a stability index above 0.25.'),
    largestIndex: gauge('stability_index_largest', 'Largest stability index of all fields.'),
    index: fieldGauge('stability_index', 'Population stability index of the latest rows against the training rows.'),
    missing: fieldGauge('missing_ratio', 'Share of missing values among the latest rows.'),
    unseen: fieldGauge('unseen_ratio', 'Share of levels that training did not see, among the latest rows.'),
  };
}

function setDrift(metrics: ReturnType<typeof driftMetrics>, summary: DriftSummary | undefined): void {
  // Another model may have other fields.
  for (const gauge of [metrics.index, metrics.missing, metrics.unseen]) gauge.reset();
  if (summary === undefined) return;
  const { scores, fields } = summary;
  metrics.martingale.set(scores.log10Martingale);
  metrics.largest.set(scores.log10Largest);
  metrics.threshold.set(scores.log10Threshold);
  metrics.alarm.set(scores.alarmAtRow === undefined ? 0 : 1);
  metrics.fieldsShifted.set(shiftedFields(summary).length);
  metrics.largestIndex.set(Math.max(0, ...fields.map(({ stabilityIndex }) => stabilityIndex)));
  for (const { name: field, stabilityIndex, missingShare, unseenShare } of fields.slice(0, MOST_DRIFT_FIELDS)) {
    metrics.index.set({ field }, stabilityIndex);
    metrics.missing.set({ field }, missingShare);
    metrics.unseen.set({ field }, unseenShare);
  }
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
      help: 'Records that could not be scored, by error code; each is in the dead-letter topic.',
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
