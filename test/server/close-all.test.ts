import { describe, expect, it } from '@jest/globals';
import { closeAll } from '../../src/server/close-all.ts';

describe('what is closed at the end', () => {
  it('is all of it, the last first, also where one fails, which is told', async () => {
    const [closed, told]: [string[], unknown[]] = [[], []];
    const closers = [
      (byMs: number) => void closed.push(`models by ${byMs}`),
      () => Promise.reject(new Error('the broker went away')),
      () => {
        throw new Error('no such listener');
      },
      async (byMs: number) => {
        await Promise.resolve();
        closed.push(`gRPC by ${byMs}`);
      },
    ];
    await closeAll(closers, 7, { error: (message: unknown) => void told.push(message) });
    expect(closed).toEqual(['gRPC by 7', 'models by 7']);
    expect(told).toEqual([
      'a part of the server did not close as it should: no such listener',
      'a part of the server did not close as it should: the broker went away',
    ]);
  });
});
