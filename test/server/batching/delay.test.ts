import { describe, expect, it } from '@jest/globals';
import { createLab, drain } from './lab.ts';

/** A lab with a delay in which two callers have just been scored together. */
async function createBusyLab(...[limits, more]: Parameters<typeof createLab>) {
  const lab = createLab({ maxDelayMs: 1000, ...limits }, more);
  const both = [lab.send([100]), lab.send([101])];
  await drain(lab);
  await Promise.all(both);
  lab.batches.length = lab.delays.length = 0;
  return lab;
}

describe('a batcher with a delay', () => {
  it('keeps nobody waiting who comes alone, neither as the first nor by and by', async () => {
    const lab = createLab({ maxDelayMs: 5 });
    for (let call = 0; call < 20; call++) {
      const answer = lab.send([call]);
      await drain(lab);
      expect(await answer).toEqual([call]);
    }
    expect(lab.delays.filter((ms) => ms > 0)).toEqual([]);
  });

  it('takes what is left of a job that was cut for no company', async () => {
    const lab = createLab({ maxDelayMs: 5, maxBatchRows: 4 });
    for (let call = 0; call < 10; call++) {
      const answer = lab.send([1, 2, 3, 4, 5, 6]);
      await drain(lab);
      expect(await answer).toEqual([1, 2, 3, 4, 5, 6]);
    }
    expect(lab.delays.filter((ms) => ms > 0)).toEqual([]);
  });

  it('waits for others where there were several, but not where a job fills a batch by itself', async () => {
    const lab = await createBusyLab({ maxDelayMs: 5 });
    const answer = lab.send([1]);
    expect(lab.delays).toEqual([5]);
    await drain(lab);
    await answer;
    const full = await createBusyLab({ maxDelayMs: 5 });
    const many = full.send([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(full.delays).toEqual([0]);
    await drain(full);
    await many;
  });

  it('waits after an inference too, for who came meanwhile, and no longer than the delay since the first of them came', async () => {
    const lab = await createBusyLab({ maxDelayMs: 5 }, { msPerRow: 2 });
    const first = lab.send([1]);
    lab.begin();
    const second = lab.send([2]);
    lab.delays.length = 0;
    await lab.turn();
    expect(lab.delays).toEqual([3]);
    const third = lab.send([3]);
    await drain(lab);
    expect(await Promise.all([first, second, third])).toEqual([[1], [2], [3]]);
    expect(lab.batches).toEqual([[1], [2, 3]]);
  });

  it('waits no more once callers come one by one, nor when the last ones were there long ago', async () => {
    const lab = await createBusyLab();
    lab.wait(1000);
    const late = lab.send([1]);
    expect(lab.delays).toEqual([0]);
    await drain(lab);
    await late;
    const alone = await createBusyLab();
    for (let call = 0; call < 8; call++) {
      const answer = alone.send([call]);
      await drain(alone);
      await answer;
    }
    alone.delays.length = 0;
    const last = alone.send([9]);
    expect(alone.delays.filter((ms) => ms > 0)).toEqual([]);
    await drain(alone);
    expect(await last).toEqual([9]);
  });

  it('waits no longer once the jobs of several callers fill a batch, and begins nothing twice', async () => {
    const lab = await createBusyLab();
    const answers = Array.from({ length: 9 }, (_, row) => lab.send([row]));
    expect(lab.delays).toEqual([1000, 0]);
    await drain(lab);
    await Promise.all(answers);
    expect(lab.batches).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [8]]);
  });

  it('waits no longer than its callers can: one with less time is scored in it, with those that wait already', async () => {
    const lab = await createBusyLab({}, { msPerRow: 10 });
    const patient = lab.send([2]);
    const hasty = lab.send([3], { deadlineMs: lab.now() + 200 });
    // A part of its 200 ms, less the 20 that two rows have taken.
    expect(lab.delays).toEqual([1000, 100]);
    lab.wait(100);
    await drain(lab);
    expect(await Promise.all([patient, hasty])).toEqual([[2], [3]]);
    expect(lab.batches).toEqual([[2, 3]]);
  });
});
