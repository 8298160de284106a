import { describe, expect, it } from '@jest/globals';
import { OffPathQueue } from '../../../src/server/candidates/off-path.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createGate, until } from '../../support/until.ts';

/** A task that notes the rows it is given, and its end. */
function createTask(rows: number, before: (rows: number) => void | Promise<void> = () => undefined, worker = {}) {
  const seen: number[] = [];
  let ended = 0;
  const task = {
    worker,
    work: async (from: number, to: number) => {
      await before(to - from);
      for (let row = from; row < to; row++) seen.push(row);
    },
    end: () => {
      ended++;
    },
  };
  /** Hands it to a queue; answers how many of its rows that has taken. */
  const offerTo = (queue: OffPathQueue): number => queue.offer(rows, () => task);
  return { rows, seen, ended: () => ended, offerTo };
}

function block(ms: number): number {
  const startedMs = performance.now();
  while (performance.now() - startedMs < ms);
  return performance.now() - startedMs;
}

describe('work off the answer path', () => {
  it('does each row once, in order, and says when a task has ended', async () => {
    const queue = new OffPathQueue({ maxRows: 10_000, timeShare: 0.9 }, SYSTEM_CLOCK);
    const tasks = [1, 3000, 7].map((rows) => createTask(rows));
    expect(tasks.map(({ offerTo }) => offerTo(queue))).toEqual([1, 3000, 7]);
    await until('all have ended', () => tasks.every(({ ended }) => ended() === 1));
    for (const { seen, rows } of tasks) expect(seen).toEqual(Array.from({ length: rows }, (_, row) => row));
  });

  it('takes what there is room for, and leaves the rest', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const gate = createGate();
    const [first, second, third] = [createTask(60, gate.wait), createTask(60), createTask(5)];
    expect(first.offerTo(queue)).toBe(60);
    // A row at work is held as well.
    expect(second.offerTo(queue)).toBe(40);
    expect(third.offerTo(queue)).toBe(0);
    gate.open();
    await until('both have ended', () => first.ended() + second.ended() === 2);
    expect([first.seen.length, second.seen.length, third.ended()]).toEqual([60, 40, 0]);
    expect(createTask(100).offerTo(queue)).toBe(100);
  });

  it('goes on after work that fails', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const failing = createTask(3, () => Promise.reject(new Error('broken')));
    const next = createTask(3);
    failing.offerTo(queue);
    next.offerTo(queue);
    await until('both have ended', () => failing.ended() + next.ended() === 2);
    expect(next.seen).toEqual([0, 1, 2]);
  });

  it('takes no more than its share of the time, however long a row takes', async () => {
    const queue = new OffPathQueue({ maxRows: 1000, timeShare: 0.2 }, SYSTEM_CLOCK);
    let workMs = 0;
    const { offerTo, seen } = createTask(1000, () => {
      workMs += block(5);
    });
    const startedMs = performance.now();
    offerTo(queue);
    await until('some rows were done', () => seen.length >= 20, 30_000);
    queue.stop();
    // The last turn may have had its rest before it only.
    expect(workMs).toBeLessThanOrEqual(0.2 * (performance.now() - startedMs) + 6 + workMs / seen.length);
  });

  it('rests as long as the share demands after a row that takes long', async () => {
    const queue = new OffPathQueue({ maxRows: 1000, timeShare: 0.01 }, SYSTEM_CLOCK);
    const slow = createTask(100, () => void block(30));
    const startedMs = performance.now();
    slow.offerTo(queue);
    await until('the second row was done', () => slow.seen.length === 2, 30_000);
    expect(performance.now() - startedMs).toBeGreaterThan(99 * 30);
    queue.stop();
  });

  it('begins with one row of a worker that it does not know, however cheap those of others are', async () => {
    const queue = new OffPathQueue({ maxRows: 100_000, timeShare: 0.9 }, SYSTEM_CLOCK);
    const turns: number[] = [];
    const cheap = createTask(20_000, (rows) => void turns.push(rows));
    cheap.offerTo(queue);
    await until('the cheap rows were done', () => cheap.ended() === 1, 30_000);
    expect(Math.max(...turns)).toBeGreaterThan(100);
    const dear: number[] = [];
    const task = createTask(1000, (rows) => {
      dear.push(rows);
      block(2 * rows);
    });
    task.offerTo(queue);
    await until('some dear rows were done', () => task.seen.length >= 3, 30_000);
    queue.stop();
    expect(dear.slice(0, 3)).toEqual([1, 1, 1]);
  });

  it('ends what waits when it is stopped, and what is at work when that is done', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const gate = createGate();
    const [first, second] = [createTask(10, gate.wait), createTask(10)];
    first.offerTo(queue);
    second.offerTo(queue);
    queue.stop();
    expect([first.ended(), second.ended()]).toEqual([0, 1]);
    gate.open();
    await until('the first has ended', () => first.ended() === 1);
    expect(createTask(1).offerTo(queue)).toBe(0);
    expect(second.seen).toEqual([]);
  });
});
