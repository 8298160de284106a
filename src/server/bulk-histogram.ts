/**
 * A Prometheus histogram that takes many values at a time, of one label at most: prom-client's own `observe` looks its labels up
 * for each value, which costs more than scoring a row does. It has what a registry of prom-client asks of a metric.
 */
export class BulkHistogram<L extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  readonly #label: L | undefined;
  /** By the label's value; under '' where there is no label. */
  readonly #series = new Map<string, Series>();

  /** `buckets`: upper bounds (included), ascending. */
  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly buckets: readonly number[];
    readonly label?: L;
  }) {
    this.name = options.name;
    this.help = options.help;
    this.#bounds = options.buckets;
    this.#label = options.label;
    if (options.label === undefined) this.#seriesOf('');
  }

  observe(value: number, labelled = ''): void {
    count(this.#seriesOf(labelled), this.#bounds, value);
  }

  observeAll(values: Float64Array, labelled = ''): void {
    const [series, bounds] = [this.#seriesOf(labelled), this.#bounds];
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
      series = { counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
      this.#series.set(labelled, series);
    }
    return series;
  }

  #valuesOf(labelled: string, { counts, sum }: Series) {
    const labels = this.#label === undefined ? {} : { [this.#label]: labelled };
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, bucket) => {
      total += counts[bucket]!;
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: total };
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
}

function count(series: Series, bounds: readonly number[], value: number): void {
  let bucket = bounds.length;
  while (bucket > 0 && value <= bounds[bucket - 1]!) bucket--;
  series.counts[bucket]! += 1;
  series.sum += value;
}
