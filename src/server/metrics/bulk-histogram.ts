import { SYSTEM_CLOCK } from '../clock.ts';

/**
 * A Prometheus histogram that takes many values at a time, of one label at most: prom-client's own `observe` looks its labels up
 * for each value, which costs more than scoring a row does. It has what a registry of prom-client asks of a metric.
 */
export class BulkHistogram<L extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly labelNames: readonly L[];
  readonly #label: L | undefined;
  readonly #wallMs: () => number;
  /** By the label's value; under '' where there is no label. */
  readonly #series = new Map<string, Series>();

  /** `buckets`: upper bounds (included), ascending. */
  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly buckets: readonly number[];
    readonly label?: L;
    /** Says when an exemplar came up. */
    readonly wallMs?: () => number;
  }) {
    this.name = options.name;
    this.help = options.help;
    this.buckets = options.buckets;
    this.#label = options.label;
    this.labelNames = options.label === undefined ? [] : [options.label];
    this.#wallMs = options.wallMs ?? SYSTEM_CLOCK.wallMs;
    if (options.label === undefined) this.#seriesOf('');
  }

  /** With the trace that the value came up in, where there is one: it is the bucket's exemplar until the next one with a trace. */
  observe(value: number, labelled = '', traceId?: string): void {
    const series = this.#seriesOf(labelled);
    const bucket = count(series, this.buckets, value);
    if (traceId === undefined) return;
    series.exemplars ??= [];
    series.exemplars[bucket] = { labelSet: { trace_id: traceId }, value, timestamp: this.#wallMs() / 1000 };
  }

  observeAll(values: Float64Array | Float32Array, labelled = ''): void {
    const [series, bounds] = [this.#seriesOf(labelled), this.buckets];
    for (let i = 0; i < values.length; i++) count(series, bounds, values[i]!);
  }

  reset(): void {
    this.#series.clear();
    if (this.#label === undefined) this.#seriesOf('');
  }

  get() {
    const { name, help, type, aggregator } = this;
    const values = [...this.#series].flatMap(([labelled, series]) => this.#valuesOf(labelled, series));
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  #seriesOf(labelled: string): Series {
    let series = this.#series.get(labelled);
    if (series === undefined) {
      series = { counts: new Float64Array(this.buckets.length + 1), sum: 0 };
      this.#series.set(labelled, series);
    }
    return series;
  }

  #valuesOf(labelled: string, { counts, sum, exemplars }: Series) {
    const labels = this.#label === undefined ? {} : { [this.#label]: labelled };
    let total = 0;
    const buckets = [...this.buckets, '+Inf'].map((le, bucket) => {
      total += counts[bucket]!;
      const exemplar = exemplars?.[bucket];
      return {
        metricName: `${this.name}_bucket`,
        labels: { le, ...labels },
        value: total,
        ...(exemplar && { exemplar }),
      };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: total },
    ];
  }
}

interface Series {
  /** Values in each bucket, not cumulative; the last is above every bound. */
  readonly counts: Float64Array;
  sum: number;
  /** By bucket, the latest one of each. */
  exemplars?: (Exemplar | undefined)[];
}

/** One value of a bucket and where it came up, as prom-client writes it in OpenMetrics. */
interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** Counts a value in, and answers its bucket. */
function count(series: Series, bounds: readonly number[], value: number): number {
  let bucket = bounds.length;
  while (bucket > 0 && value <= bounds[bucket - 1]!) bucket--;
  series.counts[bucket]! += 1;
  series.sum += value;
  return bucket;
}
