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
  #series: Series<L>[] = [];
  #tree = createBranch<L>();

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
    let branch = this.#tree;
    for (const name of this.labelNames) {
      let next = branch.next.get(labels[name]);
      if (next === undefined) branch.next.set(labels[name], (next = createBranch()));
      branch = next;
    }
    branch.series ??= this.#add(labels);
    branch.series.value += by;
  }

  dec(labels: Readonly<Record<L, string>>): void {
    this.inc(labels, -1);
  }

  reset(): void {
    this.#series = [];
    this.#tree = createBranch();
  }

  get() {
    const { name, help, type, aggregator } = this;
    const values = this.#series.map(({ labels, value }) => ({ metricName: name, labels, value }));
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  #add(labels: Readonly<Record<L, string>>): Series<L> {
    const series = { labels: { ...labels }, value: 0 };
    this.#series.push(series);
    return series;
  }
}

interface Series<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  value: number;
}

/** Where a label has had one value: a key of all labels would be a string that is made for each call. */
interface Branch<L extends string> {
  readonly next: Map<string, Branch<L>>;
  series: Series<L> | undefined;
}

const createBranch = <L extends string>(): Branch<L> => ({ next: new Map(), series: undefined });
