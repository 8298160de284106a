/**
 * A Prometheus counter or gauge with labels that is changed on every call: prom-client's own checks, sorts and hashes the labels
 * each time, which costs more than a row's share of an inference. It has what a registry of prom-client asks of a metric.
 */
export class BulkCounter<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly aggregator = 'sum';
  readonly labelNames: readonly L[];
  readonly #series = new Map<string, Series<L>>();

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly L[];
    readonly type?: 'counter' | 'gauge';
  }) {
    this.name = options.name;
    this.help = options.help;
    this.type = options.type ?? 'counter';
    this.labelNames = options.labelNames;
  }

  inc(labels: Readonly<Record<L, string>>, by = 1): void {
    let key = '';
    for (const name of this.labelNames) key += `${labels[name]}\0`;
    const series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, { labels: { ...labels }, value: by });
    else series.value += by;
  }

  dec(labels: Readonly<Record<L, string>>): void {
    this.inc(labels, -1);
  }

  reset(): void {
    this.#series.clear();
  }

  get() {
    const { name, help, type, aggregator } = this;
    const values = [...this.#series.values()].map(({ labels, value }) => ({ metricName: name, labels, value }));
    return Promise.resolve({ name, help, type, aggregator, values });
  }
}

interface Series<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  value: number;
}
