import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { createLab, drain } from './lab.ts';

describe('the batcher', () => {
  it('scores a caller at once when it is idle', async () => {
    const lab = createLab();
    const answer = lab.send([1, 2]);
    expect(lab.delays).toEqual([0]);
    await drain(lab);
    expect(await answer).toEqual([1, 2]);
    expect(lab.batches).toEqual([[1, 2]]);
  });

  it('looks for no others before whoever has come alone for some time, until two come together', async () => {
    const lab = createLab();
    for (let call = 0; call < 8; call++) {
      const answer = lab.send([call]);
      await drain(lab);
      await answer;
    }
    const [alone, beside] = [lab.send([10]), lab.send([11])];
    expect(lab.batches.at(-1)).toEqual([10]);
    await drain(lab);
    expect(await Promise.all([alone, beside])).toEqual([[10], [11]]);
    const together = [lab.send([12]), lab.send([13])];
    await drain(lab);
    expect(await Promise.all(together)).toEqual([[12], [13]]);
    expect(lab.batches.slice(-2)).toEqual([[11], [12, 13]]);
  });

  it('gathers whoever comes while an inference runs, and answers each with its own rows', async () => {
    const lab = createLab();
    const first = lab.send([1]);
    lab.begin();
    const others = [lab.send([2]), lab.send([3, 4]), lab.send([5])];
    await drain(lab);
    expect(await Promise.all([first, ...others])).toEqual([[1], [2], [3, 4], [5]]);
    expect(lab.batches).toEqual([[1], [2, 3, 4, 5]]);
  });

  it('cuts a large job and puts a small one that came later between its parts', async () => {
    const lab = createLab();
    const large = lab.send(Array.from({ length: 20 }, (_, row) => row));
    const small = lab.send([100]);
    await drain(lab);
    expect(lab.batches.map((rows) => rows.length)).toEqual([8, 8, 5]);
    expect(lab.batches[1]![0]).toBe(100);
    expect(await small).toEqual([100]);
    expect(await large).toEqual(Array.from({ length: 20 }, (_, row) => row));
  });

  it('begins the next full inference of a thread before it answers for the one that is over', async () => {
    const lab = createLab();
    const eight = (from: number): number[] => Array.from({ length: 8 }, (_, row) => from + row);
    const begun = [0, 10, 20].map((from) => lab.send(eight(from)).then(() => lab.batches.length));
    await drain(lab);
    expect(await Promise.all(begun)).toEqual([2, 3, 3]);
    expect(lab.batches.map(([first]) => first)).toEqual([0, 10, 20]);
  });

  it('takes the high priority first, and lets the low one have a turn all the same', async () => {
    const lab = createLab({ maxBatchRows: 1, maxQueueRows: 1000 });
    const order: string[] = [];
    const send = (priority: 'high' | 'low') => lab.send([1], { priority }).then(() => void order.push(priority));
    const all = [send('low'), ...Array.from({ length: 30 }, () => send('high'))];
    await drain(lab);
    await Promise.all(all);
    expect(order.indexOf('low')).toBe(15);
  });

  it('keeps callers with different rates apart', async () => {
    const lab = createLab();
    const batches = [
      lab.batcher.score({ rows: Float32Array.of(1), falsePositiveRate: 0.2 }),
      lab.batcher.score({ rows: Float32Array.of(3), falsePositiveRate: 0.1 }),
      lab.batcher.score({ rows: Float32Array.of(3), falsePositiveRate: 0.2 }),
    ];
    await drain(lab);
    expect((await Promise.all(batches)).map(({ threshold, verdicts }) => [threshold, ...verdicts])).toEqual([
      [2, 0],
      [1, 1],
      [2, 1],
    ]);
    expect(lab.batches).toEqual([[1, 3], [3]]);
  });

  it('answers the others when one caller has a row that cannot be scored', async () => {
    const lab = createLab();
    lab.poison.add(2);
    const [good, bad, late] = [lab.send([1]), lab.send([2]), lab.send([3])];
    const refused = expect(bad).rejects.toThrow('a row cannot be scored');
    for (let turns = 0; turns < 5; turns++) await drain(lab);
    expect(await good).toEqual([1]);
    expect(await late).toEqual([3]);
    await refused;
  });

  it('gives what failed with the model to nobody again: those gathered with it fail too', async () => {
    const fault = new AristarchError('UNAVAILABLE', 'the thread was lost');
    const lab = createLab({}, { fault });
    lab.poison.add(2);
    const answers = [lab.send([1]), lab.send([2])].map((each) => expect(each).rejects.toBe(fault));
    await drain(lab);
    await Promise.all(answers);
    expect(lab.batches).toEqual([[1, 2]]);
  });

  it('scores nothing for a caller who has gone', async () => {
    const lab = createLab();
    let gone = false;
    const checkAlive = () => {
      if (gone) throw new Error('nobody waits');
    };
    const answer = expect(lab.send([1, 2], { checkAlive })).rejects.toThrow('nobody waits');
    gone = true;
    await drain(lab);
    await answer;
    expect(lab.batches).toEqual([]);
    expect(lab.batcher.queuedRows).toBe(0);
  });
});

describe('admission', () => {
  /** A lab that has learnt that a row takes 10 ms. */
  async function createSlowLab() {
    const lab = createLab({}, { msPerRow: 10 });
    for (const rows of [[1], [1, 2, 3, 4]]) {
      const answer = lab.send(rows);
      await drain(lab);
      await answer;
    }
    return lab;
  }

  it('refuses at once what would be late, and says when to come again', async () => {
    const lab = await createSlowLab();
    const first = lab.send([0]);
    await expect(lab.send([1, 2, 3, 4], { deadlineMs: lab.now() + 60 })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/^the 4 rows would be scored in about 50\.0 ms, and the call has 60\.0 ms left/),
      data: { rows: 4, retryAfterMs: 14 },
    });
    expect(lab.refusals).toEqual(['deadline']);
    const answer = lab.send([1, 2, 3, 4], { deadlineMs: lab.now() + 100 });
    await drain(lab);
    expect(await first).toEqual([0]);
    expect(await answer).toEqual([1, 2, 3, 4]);
  });

  it('says of one who comes to an idle server with more than fits into its time that this is its own doing', async () => {
    const lab = await createSlowLab();
    // Two inferences of ten milliseconds a row.
    const rows = Array.from({ length: 9 }, (_, i) => i);
    await expect(lab.send(rows, { deadlineMs: lab.now() + 100 })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/send fewer at a time, or with a longer deadline$/),
    });
    expect(lab.refusals).toEqual(['too_short']);
  });

  it('lets in whoever comes to an idle server, whatever it expects: it may be wrong', async () => {
    const lab = await createSlowLab();
    const answer = lab.send([1], { deadlineMs: lab.now() + 11 });
    await drain(lab);
    expect(await answer).toEqual([1]);
  });

  it('refuses who comes to an idle server with what has never been done in so little time, but lets one in sixteen try', async () => {
    const lab = await createSlowLab();
    const rows = [1, 2, 3, 4];
    const ask = async (deadlineMs = Infinity): Promise<unknown> => {
      const answer = lab.send(rows, { deadlineMs: lab.now() + deadlineMs }).catch(String);
      await drain(lab);
      return answer;
    };
    // Four rows have taken 40 ms once, which is too little to go by.
    for (let time = 0; time < 3; time++) expect(await ask(39)).toEqual(rows);
    for (let time = 1; time < 16; time++)
      expect(await ask(39)).toMatch(/the 4 rows would be scored in about 40\.0 ms, and the call has 39\.0 ms left/);
    expect(lab.refusals).toEqual(Array.from({ length: 15 }, () => 'too_short'));
    expect(await ask(41)).toEqual(rows);
    lab.setMsPerRow(1);
    expect(await ask(39)).toEqual(rows);
    // Who was let in has put it right.
    for (let time = 0; time < 20; time++) expect(await ask(5)).toEqual(rows);
    expect(lab.refusals).toHaveLength(15);
  });

  it('counts what is left of the inference that runs', async () => {
    const lab = await createSlowLab();
    const first = lab.send([1, 2, 3, 4, 5, 6, 7, 8]);
    lab.begin();
    const refused = lab.send([9], { deadlineMs: lab.now() + 100 });
    await expect(refused).rejects.toMatchObject({ data: { expectedMs: 90 } });
    await drain(lab);
    expect(await first).toHaveLength(8);
  });

  it('expects of a call that nobody has read what it would meet with, after those that are on their way', async () => {
    const lab = await createSlowLab();
    expect(lab.batcher.expectMs(0)).toBe(0);
    // Jobs were of about two rows lately, of ten milliseconds each.
    for (let time = 0; time < 10; time++) {
      const calls = Array.from({ length: 20 }, (_, at) => lab.send([at, at], { deadlineMs: lab.now() + 10_000 }));
      // A batch of Kafka's, which has no deadline, says nothing about calls.
      const others = [...calls, lab.send([1, 2, 3, 4, 5, 6, 7, 8])];
      await drain(lab);
      await Promise.all(others);
    }
    expect(lab.batcher.expectMs(0)).toBe(0);
    expect(lab.batcher.expectMs(3)).toBeCloseTo(80, -1);
    const first = lab.send([1, 2, 3, 4, 5, 6, 7, 8]);
    lab.begin();
    expect(lab.batcher.expectMs(0)).toBeCloseTo(100, -1);
    await drain(lab);
    expect(await first).toHaveLength(8);
  });

  it('counts who waits ahead, but nobody of a lower priority', async () => {
    const lab = await createSlowLab();
    const ahead = lab.send([1, 2, 3, 4, 5]);
    const job = { deadlineMs: lab.now() + 60 };
    await expect(lab.send([6], job)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    const urgent = lab.send([7], { ...job, priority: 'high' });
    await drain(lab);
    expect(await urgent).toEqual([7]);
    expect(await ahead).toHaveLength(5);
  });

  it('refuses what would fill the queue, but never a job that would be the only one', async () => {
    const lab = createLab({ maxQueueRows: 4 });
    const large = lab.send([1, 2, 3, 4, 5]);
    await expect(lab.send([6])).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/^5 rows of this or a higher priority wait already and at most 4 may/),
    });
    expect(lab.refusals).toEqual(['queue_full']);
    await drain(lab);
    expect(await large).toHaveLength(5);
  });

  it('lets no rows of a lower priority keep out a higher one, and bounds them all', async () => {
    const lab = createLab({ maxQueueRows: 4 });
    const taken: Promise<unknown>[] = [];
    for (const priority of ['low', 'normal', 'high'] as const) {
      taken.push(lab.send([1, 2, 3, 4], { priority }));
      await expect(lab.send([5], { priority })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    }
    for (const priority of ['low', 'normal'] as const)
      await expect(lab.send([6], { priority })).rejects.toThrow(/ rows of this or a higher priority wait already/);
    expect(lab.batcher.queuedRows).toBe(12);
    expect(new Set(lab.refusals)).toEqual(new Set(['queue_full']));
    await drain(lab);
    expect(await Promise.all(taken)).toEqual(Array.from({ length: 3 }, () => [1, 2, 3, 4]));
    expect(lab.batches[0]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it('does not score what has become late while it waited', async () => {
    const lab = await createSlowLab();
    const answer = expect(lab.send([9], { deadlineMs: lab.now() + 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    lab.wait(55);
    await drain(lab);
    await answer;
    expect(lab.batches.flat()).not.toContain(9);
  });
});
