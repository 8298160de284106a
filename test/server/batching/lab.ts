import type { ScoreBatch } from '../../../src/scoring/detector.ts';
import { createBatcher, type BatchJob, type BatchingLimits } from '../../../src/server/batching/batcher.ts';

const LIMITS: BatchingLimits = { maxBatchRows: 8, maxDelayMs: 0, maxQueueRows: 100 };

/** The score of a row is the row; a clock that tests turn, and inferences that take `msPerRow` of it. */
export function createLab(
  changes: Partial<BatchingLimits> = {},
  { msPerRow: firstMsPerRow = 0, fault = new Error('a row cannot be scored') } = {},
) {
  let [nowMs, msPerRow] = [1000, firstMsPerRow];
  const [batches, refusals, delays]: [number[][], string[], number[]] = [[], [], []];
  const due: (() => void)[] = [];
  const doors: (() => void)[] = [];
  const poison = new Set<number>();
  const batcher = createBatcher({
    rowWidth: 1,
    limits: { ...LIMITS, ...changes },
    clock: { wallMs: () => nowMs, monotonicMs: () => nowMs },
    events: { onBatch: () => undefined, onTurn: () => undefined, onRefusal: (reason) => refusals.push(reason) },
    later: (work, ms) => {
      delays.push(ms);
      due.push(work);
    },
    score: async (rows, rate = 0.01) => {
      batches.push([...rows]);
      await new Promise<void>((open) => doors.push(open));
      nowMs += msPerRow * rows.length;
      if ([...rows].some((row) => poison.has(row))) throw fault;
      return toBatch(rows, rate);
    },
  });
  /** Lets everything happen that was put off: an inference begins. */
  const begin = (): void => {
    for (const work of due.splice(0)) work();
  };
  /** The same, and lets the inference that runs end. */
  const turn = async (): Promise<void> => {
    begin();
    for (const open of doors.splice(0)) open();
    for (let hop = 0; hop < 20; hop++) await Promise.resolve();
  };
  const send = (rows: readonly number[], job: Partial<BatchJob> = {}): Promise<number[]> =>
    batcher.score({ rows: Float32Array.from(rows), ...job }).then(({ scores }) => [...scores]);
  return {
    batcher,
    batches,
    refusals,
    delays,
    poison,
    begin,
    turn,
    send,
    wait: (ms: number) => void (nowMs += ms),
    setMsPerRow: (ms: number) => void (msPerRow = ms),
    now: () => nowMs,
  };
}

export function toBatch(rows: Float32Array, falsePositiveRate: number): ScoreBatch {
  const threshold = 10 * falsePositiveRate;
  return {
    ...{ scores: rows.slice(), pValues: Float64Array.from(rows), threshold, falsePositiveRate },
    verdicts: Uint8Array.from(rows, (row) => (row > threshold ? 1 : 0)),
  };
}

/** Runs until nothing is left to do. */
export async function drain({ turn, batcher }: ReturnType<typeof createLab>): Promise<void> {
  do await turn();
  while (batcher.queuedRows > 0);
  await turn();
  await turn();
}
