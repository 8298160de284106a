import { describe, expect, it } from '@jest/globals';
import { OffPathQueue } from '../../../src/server/candidates/off-path.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createGate, until } from '../../support/until.ts';

/** A task that notes the rows it is given, and its end. */
function createTask(rows: number, before: () => void | Promise<void> = () => undefined) {
  const seen: number[] = [];
  let ended = 0;
  return {
    seen,
    ended: () => ended,
    task: {
      rows,
      work: async (from: number, to: number) => {
        await before();
        for (let row = from; row < to; row++) seen.push(row);
      },
      end: () => {
        ended++;
      },
    },
  };
}

describe('work off the answer path', () => {
  it('does each row once, in order, and says when a task has ended', async () => {
    const queue = new OffPathQueue({ maxRows: 10_000, timeShare: 0.9 }, SYSTEM_CLOCK);
    const tasks = [1, 3000, 7].map((rows) => createTask(rows));
    expect(tasks.map(({ task }) => queue.offer(task))).toEqual([1, 3000, 7]);
    await until('all have ended', () => tasks.every(({ ended }) => ended() === 1));
    for (const { seen, task } of tasks) expect(seen).toEqual(Array.from({ length: task.rows }, (_, row) => row));
  });

  it('takes what there is room for, and leaves the rest', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const gate = createGate();
    const [first, second, third] = [createTask(60, gate.wait), createTask(60), createTask(5)];
    expect(queue.offer(first.task)).toBe(60);
    // The first turn has one row of it already.
    expect(queue.offer(second.task)).toBe(41);
    expect(queue.offer(third.task)).toBe(0);
    expect(third.ended()).toBe(1);
    gate.open();
    await until('both have ended', () => first.ended() + second.ended() === 2);
    expect([first.seen.length, second.seen.length]).toEqual([60, 41]);
  });

  it('goes on after work that fails', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const failing = createTask(3, () => Promise.reject(new Error('broken')));
    const next = createTask(3);
    queue.offer(failing.task);
    queue.offer(next.task);
    await until('both have ended', () => failing.ended() + next.ended() === 2);
    expect(next.seen).toEqual([0, 1, 2]);
  });

  it('takes no more than its share of the time, however long a row takes', async () => {
    const queue = new OffPathQueue({ maxRows: 1000, timeShare: 0.2 }, SYSTEM_CLOCK);
    let workMs = 0;
    const { task, seen } = createTask(1000, () => {
      const startedMs = performance.now();
      while (performance.now() - startedMs < 5);
      workMs += performance.now() - startedMs;
    });
    const startedMs = performance.now();
    queue.offer(task);
    await until('some rows were done', () => seen.length >= 20, 30_000);
    queue.stop();
    // The last turn may have had its rest before it only.
    expect(workMs).toBeLessThanOrEqual(0.2 * (performance.now() - startedMs) + 6 + workMs / seen.length);
  });

  it('ends what waits when it is stopped, and what is at work when that is done', async () => {
    const queue = new OffPathQueue({ maxRows: 100, timeShare: 0.9 }, SYSTEM_CLOCK);
    const gate = createGate();
    const [first, second] = [createTask(10, gate.wait), createTask(10)];
    queue.offer(first.task);
    queue.offer(second.task);
    queue.stop();
    expect([first.ended(), second.ended()]).toEqual([0, 1]);
    gate.open();
    await until('the first has ended', () => first.ended() === 1);
    expect(queue.offer(createTask(1).task)).toBe(0);
    expect(second.seen).toEqual([]);
  });
});
