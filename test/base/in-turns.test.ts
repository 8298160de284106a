import { describe, expect, it } from '@jest/globals';
import { inTurns } from '../../src/base/in-turns.ts';

/** Work that is done when it is told to be. */
function createWork(count: number) {
  const begun: number[] = [];
  const ends: { done: (value: string) => void; fail: (thrown: Error) => void }[] = [];
  const work = Array.from({ length: count }, (_, at) => () => {
    begun.push(at);
    return new Promise<string>((done, fail) => (ends[at] = { done, fail }));
  });
  return { begun, ends, work };
}

/** Until all that can go on has. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('work in turns', () => {
  it('is begun in its order, so much at once, and answered in that order', async () => {
    const { begun, ends, work } = createWork(3);
    const results = inTurns(2, work);
    expect(begun).toEqual([0, 1]);
    ends[1]!.done('second');
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    ends[2]!.done('third');
    ends[0]!.done('first');
    expect(await results).toEqual(['first', 'second', 'third']);
  });

  it('ends with the first fault, once all that was under way has ended, and begins no more', async () => {
    const { begun, ends, work } = createWork(4);
    let thrown: unknown;
    const ended = inTurns(2, work).catch((fault: unknown) => (thrown = fault));
    ends[1]!.fail(new Error('first'));
    await settle();
    expect(thrown).toBeUndefined();
    ends[0]!.fail(new Error('later'));
    await ended;
    expect(thrown).toEqual(new Error('first'));
    expect(begun).toEqual([0, 1]);
  });

  it('is done one after the other where nothing is said of more', async () => {
    expect(await inTurns(0, [() => Promise.resolve(1), () => Promise.resolve(2)])).toEqual([1, 2]);
    expect(await inTurns(3, [])).toEqual([]);
  });
});
