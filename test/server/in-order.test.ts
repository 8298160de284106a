import { describe, expect, it } from '@jest/globals';
import { inOrder } from '../../src/server/grpc/in-order.ts';

/** Requests that a test lets in one by one, and answers that it gives in any order. */
function createLab(most = 3, heaviest = 100) {
  const [asked, started]: [{ count: number }, number[]] = [{ count: 0 }, []];
  const answers = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>();
  const waiting: ((next: IteratorResult<number>) => void)[] = [];
  const come: IteratorResult<number>[] = [];
  const give = (next: IteratorResult<number>): void => {
    const taker = waiting.shift();
    if (taker) taker(next);
    else come.push(next);
  };
  const requests: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked.count++;
        const next = come.shift();
        return next ? Promise.resolve(next) : new Promise((resolve) => waiting.push(resolve));
      },
    }),
  };
  const work = (request: number): Promise<string> => {
    started.push(request);
    return new Promise((resolve, reject) => answers.set(request, { resolve, reject }));
  };
  const results = inOrder(requests, { work, weigh: (request) => request, most, heaviest });
  const settle = async (): Promise<void> => {
    for (let hop = 0; hop < 50; hop++) await Promise.resolve();
  };
  return {
    ...{ results, started, asked, settle },
    send: (...all: number[]) => all.forEach((value) => give({ value, done: false })),
    end: () => give({ value: undefined, done: true }),
    answer: (request: number) => answers.get(request)!.resolve(`answer ${request}`),
    fail: (request: number) => answers.get(request)!.reject(new Error(`fault ${request}`)),
  };
}

describe('work on a stream', () => {
  it('goes on at several requests at a time, and answers in their order', async () => {
    const { results, started, send, end, answer, settle } = createLab();
    send(1, 2, 3, 4);
    const first = results.next();
    await settle();
    expect(started).toEqual([1, 2, 3]);
    answer(3);
    answer(2);
    answer(1);
    expect((await first).value).toBe('answer 1');
    expect((await results.next()).value).toBe('answer 2');
    expect((await results.next()).value).toBe('answer 3');
    const last = results.next();
    await settle();
    end();
    answer(4);
    expect((await last).value).toBe('answer 4');
    expect((await results.next()).done).toBe(true);
  });

  it('asks for no more while nobody takes the answers', async () => {
    const { results, asked, started, send, answer, settle } = createLab();
    send(1, 2, 3, 4, 5);
    const first = results.next();
    await settle();
    answer(1);
    await first;
    await settle();
    expect(started).toEqual([1, 2, 3]);
    expect(asked.count).toBe(3);
  });

  it('works on a heavy request alone', async () => {
    const { results, started, send, answer, settle } = createLab(3, 10);
    send(50, 1);
    const first = results.next();
    await settle();
    expect(started).toEqual([50]);
    answer(50);
    expect((await first).value).toBe('answer 50');
  });

  it('ends with the first error in their order, at once, although the source is waiting', async () => {
    const { results, send, answer, fail, settle } = createLab();
    send(1, 2);
    const first = results.next();
    await settle();
    fail(2);
    await settle();
    answer(1);
    expect((await first).value).toBe('answer 1');
    await expect(results.next()).rejects.toThrow('fault 2');
    expect((await results.next()).done).toBe(true);
  });
});
