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
  let leftBehind: Promise<Snapshot> = Promise.resolve([]);
  const ask = async (worker: WorkerProcess): Promise<void> => {
    const asked = worker.channel.ask('snapshot', undefined).catch(() => undefined);
    const answer = await Promise.race([asked, sleep(PATIENCE_MS, undefined, { ref: false })]);
    // What a worker said that was lost meanwhile is not kept beside what it left behind.
    if (answer !== undefined && serving().includes(worker)) last.set(worker, answer);
  };
  return {
    render: async (accept) => {
      await Promise.all(serving().map(ask));
      // Both are read in one turn, and a loss moves a worker from one to the other in one: none counts twice, or not at all.
      const [living, lost] = [[...last.values()], leftBehind];
      return renderTogether([...living, await lost, await own.snapshot()], accept);
    },
    lost: (worker) => {
      const snapshot = last.get(worker);
      last.delete(worker);
      // One sum of all, made one loss after the other: workers may be lost for as long as the service runs.
      if (snapshot !== undefined) leftBehind = leftBehind.then((sum) => lastingOf([sum, snapshot]));
    },
  };
}
