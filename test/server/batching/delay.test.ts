import { describe, expect, it } from '@jest/globals';
import { createLab, drain } from './lab.ts';

describe('a batcher with a delay', () => {
  it('waits for others where it is told to, but not where a job fills a batch by itself', async () => {
    const lab = createLab({ maxDelayMs: 5 });
    const answer = lab.send([1]);
    expect(lab.delays).toEqual([5]);
    await drain(lab);
    await answer;
    const full = createLab({ maxDelayMs: 5 });
    const many = full.send([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(full.delays).toEqual([0]);
    await drain(full);
    await many;
  });

  it('waits no longer once the jobs of several callers fill a batch, and begins nothing twice', async () => {
    const lab = createLab({ maxDelayMs: 1000 });
    const answers = Array.from({ length: 9 }, (_, row) => lab.send([row]));
    expect(lab.delays).toEqual([1000, 0]);
    await drain(lab);
    await Promise.all(answers);
    expect(lab.batches).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [8]]);
  });

  it('waits no longer than its callers can: one with less time is scored in it, with those that wait already', async () => {
    const lab = createLab({ maxDelayMs: 1000 }, { msPerRow: 10 });
    const first = lab.send([1]);
    await drain(lab);
    lab.delays.length = 0;
    const patient = lab.send([2]);
    const hasty = lab.send([3], { deadlineMs: lab.now() + 200 });
    // A part of its 200 ms, less an inference that takes 10.
    expect(lab.delays).toEqual([1000, 110]);
    lab.wait(110);
    await drain(lab);
    expect(await Promise.all([first, patient, hasty])).toEqual([[1], [2], [3]]);
    expect(lab.batches).toEqual([[1], [2, 3]]);
  });
});
