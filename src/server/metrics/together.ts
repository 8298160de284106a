import { addUp, render, type Instruments, type Rendered } from './instruments.ts';

/** The metrics of one process at one time; plain data. */
export type Snapshot = readonly SnapshotMetric[];

export interface SnapshotMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly SnapshotValue[];
}

interface SnapshotValue {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** prom-client's own histograms have null for none. */
  exemplar?: Exemplar | null;
}

interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

/** The metrics of a registry, each with its values. */
export async function takeSnapshot(registry: Instruments['registry']): Promise<Snapshot> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as (SnapshotMetric & { readonly collect?: unknown })[];
  return metrics.map(({ name, help, type, aggregator, values }) => ({ name, help, type, aggregator, values }));
}

/** What several processes count, as one scrape: counters and histograms are added up, gauges as each of them says. */
export async function renderTogether(snapshots: readonly Snapshot[], accept?: string): Promise<Rendered> {
  return render(await together(snapshots), accept);
}

/** What a process that is gone leaves behind: what only rises must not fall for its end. Its queues are gone with it. */
export async function lastingOf(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const whole = await takeSnapshot(await together(snapshots));
  return whole.filter(({ type }) => type === 'counter' || type === 'histogram');
}

async function together(snapshots: readonly Snapshot[]): Promise<Instruments['registry']> {
  const registry = addUp(snapshots);
  const exemplars = latestExemplars(snapshots);
  if (exemplars.size === 0) return registry;
  for (const metric of (await registry.getMetricsAsJSON()) as unknown as SnapshotMetric[]) {
    for (const value of metric.values) {
      const exemplar = exemplars.get(keyOf(value));
      if (exemplar !== undefined) value.exemplar = exemplar;
    }
  }
  return registry;
}

/** prom-client leaves them out when it adds histograms up. */
function latestExemplars(snapshots: readonly Snapshot[]): Map<string, Exemplar> {
  const latest = new Map<string, Exemplar>();
  for (const value of snapshots.flat().flatMap(({ values }) => values)) {
    const { exemplar } = value;
    const key = keyOf(value);
    if (exemplar && exemplar.timestamp >= (latest.get(key)?.timestamp ?? 0)) latest.set(key, exemplar);
  }
  return latest;
}

const keyOf = ({ metricName, labels }: SnapshotValue): string => `${String(metricName)} ${JSON.stringify(labels)}`;
