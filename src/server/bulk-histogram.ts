/**
 * A Prometheus histogram without labels that takes many values at a time: prom-client's own `observe` looks its labels up for
 * each value, which costs more than scoring a row does. It has what a registry of prom-client asks of a metric.
 */
export class BulkHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  /** Values in each bucket, not cumulative; the last is above every bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** `buckets`: upper bounds (included), ascending. */
  constructor(options: { readonly name: string; readonly help: string; readonly buckets: readonly number[] }) {
    this.name = options.name;
    this.help = options.help;
    this.#bounds = options.buckets;
    this.#counts = new Float64Array(options.buckets.length + 1);
  }

  observeAll(values: Float64Array): void {
    const bounds = this.#bounds;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      let bucket = bounds.length;
      while (bucket > 0 && value <= bounds[bucket - 1]!) bucket--;
      this.#counts[bucket]! += 1;
      this.#sum += value;
    }
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }

  get() {
    const { name, help, type, aggregator } = this;
    let count = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, bucket) => {
      count += this.#counts[bucket]!;
      return { metricName: `${name}_bucket`, labels: { le }, value: count };
    });
    const totals = [
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ];
    return Promise.resolve({ name, help, type, aggregator, values: [...buckets, ...totals] });
  }
}
