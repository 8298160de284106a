import { setTimeout as sleep } from 'node:timers/promises';
import type { PrimaryMetrics } from '../metrics.ts';
import type { Rendered } from '../metrics/instruments.ts';
import { lastingOf, renderTogether, type Snapshot } from '../metrics/together.ts';
import type { WorkerProcess } from './fork.ts';

export interface MergedMetrics {
  render(accept?: string): Promise<Rendered>;
  /** Keeps what a worker had counted when it was last asked. */
  lost(worker: WorkerProcess): void;
}

/** A worker that is too busy to answer is in the scrape with what it said last. */
const PATIENCE_MS = 1000;

/** One scrape of all workers and of this process. */
export function createMergedMetrics(
  own: Pick<PrimaryMetrics, 'snapshot'>,
  serving: () => readonly WorkerProcess[],
): MergedMetrics {
  const last = new Map<WorkerProcess, Snapshot>();
  const leftBehind: Snapshot[] = [];
  const ask = async (worker: WorkerProcess): Promise<Snapshot> => {
    const asked = worker.channel.ask('snapshot', undefined).catch(() => undefined);
    const answer = await Promise.race([asked, sleep(PATIENCE_MS, undefined, { ref: false })]);
    // A worker that was lost meanwhile is among those that left something behind.
    if (!serving().includes(worker)) return [];
    if (answer !== undefined) last.set(worker, answer);
    return answer ?? last.get(worker) ?? [];
  };
  return {
    render: async (accept) => {
      const snapshots = await Promise.all(serving().map(ask));
      return renderTogether([...snapshots, ...(await sumUp(leftBehind)), await own.snapshot()], accept);
    },
    lost: (worker) => {
      const snapshot = last.get(worker);
      last.delete(worker);
      if (snapshot !== undefined) leftBehind.push(snapshot);
    },
  };
}

/** Makes one of many, in place: workers may be lost for as long as the service runs. */
async function sumUp(leftBehind: Snapshot[]): Promise<readonly Snapshot[]> {
  const all = [...leftBehind];
  if (all.length === 0) return [];
  const sum = await lastingOf(all);
  leftBehind.splice(0, all.length, sum);
  return [sum];
}
