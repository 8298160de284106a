import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  type Metric,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';
import { BulkCounter } from './bulk-counter.ts';
import { BulkHistogram } from './bulk-histogram.ts';
import type { Snapshot } from './together.ts';

/**
 * What becomes of a gauge where several processes are scraped as one: queues add up, but two processes with the same model open
 * have not two models. Counters and histograms always add up.
 */
export type Together = 'sum' | 'max' | 'min';

export interface GaugeOptions<L extends string> {
  readonly labelNames?: readonly L[];
  /** `max` when absent. */
  readonly together?: Together;
  /** Asked at each scrape. */
  readonly read?: () => number;
}

export type Instruments = ReturnType<typeof createInstruments>;

/** Makes the metrics of one registry; names come without the prefix `aristarch_`. */
export function createInstruments() {
  const registry = new Registry();
  const registers = [registry];
  // prom-client's types know only its own classes; it asks for what these have.
  const register = <M>(metric: M): M => {
    registry.registerMetric(metric as unknown as Metric);
    return metric;
  };
  return {
    registry,
    /** For what happens now and then. */
    counter: <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Counter({ name: prefixed(name), help, labelNames, registers }),
    gauge: <L extends string = never>(name: string, help: string, options: GaugeOptions<L> = {}) => {
      const { labelNames = [], together: aggregator = 'max', read } = options;
      const collect = read && { collect: (): void => gauge.set(read()) };
      const gauge: Gauge<L> = new Gauge({ name: prefixed(name), help, labelNames, aggregator, ...collect, registers });
      return gauge;
    },
    /** For what happens on every call. */
    busyCounter: <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      register(new BulkCounter({ name: prefixed(name), help, labelNames })),
    busyGauge: <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      register(new BulkCounter({ name: prefixed(name), help, labelNames, type: 'gauge' })),
    /** With one label at most. */
    histogram: <L extends string = never>(name: string, help: string, buckets: readonly number[], label?: L) =>
      register(new BulkHistogram<L>({ name: prefixed(name), help, buckets, ...(label && { label }) })),
  };
}

const PREFIX = 'aristarch_';
const prefixed = (name: string): string => `${PREFIX}${name}`;

/**
 * CPU, memory, event loop, garbage collection and open files, as prom-client has them, but for its gauges that are named like
 * counters (`nodejs_active_handles_total`), which Prometheus' own check refuses; the same by type stay. Of several processes, the
 * slowest event loop counts, where prom-client would take the mean, and the first start, where it would take none.
 */
export function addProcessMetrics({ registry }: Pick<Instruments, 'registry'>): void {
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(prefixed(`nodejs_active_${kind}_total`));
  }
  for (const metric of registry.getMetricsAsArray() as unknown as { aggregator: string }[]) {
    metric.aggregator = TOGETHER[metric.aggregator] ?? metric.aggregator;
  }
}

const TOGETHER: Readonly<Record<string, Together>> = { average: 'max', omit: 'min' };

/** The metrics of several processes as those of one. */
export function addUp(snapshots: readonly Snapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots as unknown as object[]);
}

/** A scrape in one of the two formats of Prometheus. */
export interface Rendered {
  readonly contentType: string;
  readonly body: string;
}

/** The text format, or OpenMetrics, which has exemplars, for scrapers that accept it. */
export async function render(registry: Registry, accept = ''): Promise<Rendered> {
  const asked = accept.includes('application/openmetrics-text') ? toOpenMetrics(registry) : registry;
  return { contentType: asked.contentType, body: await asked.metrics() };
}

/**
 * The same metrics as OpenMetrics names them. prom-client would do it by renaming the metrics themselves, and a scrape in the
 * text format after that would miss `_total`; and it takes samples with names of their own for unnamed ones.
 */
function toOpenMetrics(registry: Registry): Registry<OpenMetricsContentType> {
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray() as unknown as Readable[]) {
    const view: Readable = { name: metric.name, type: metric.type, get: async () => withoutTotal(await metric.get()) };
    open.registerMetric(view as unknown as Metric);
  }
  return open;
}

interface Readable {
  name: string;
  readonly type: string | undefined;
  get(): Promise<Read>;
}

interface Read {
  readonly name: string;
  readonly type: string;
  readonly values: readonly { readonly metricName?: string; readonly labels: object; readonly value: number }[];
}

function withoutTotal(read: Read): Read {
  if (read.type !== 'counter') return read;
  const values = read.values.map(({ labels, value }) => ({ labels, value }));
  return { ...read, name: read.name.replace(/_total$/, ''), values };
}
