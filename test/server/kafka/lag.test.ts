import { describe, expect, it } from '@jest/globals';
import { lagOf } from '../../../src/server/kafka/lag.ts';

describe('the lag of a partition', () => {
  it.each([
    ['what is behind the committed offset', { low: 0n, high: 10n, committed: 7n }, 'earliest', 3],
    ['nothing when all is committed', { low: 0n, high: 10n, committed: 10n }, 'earliest', 0],
    [
      'everything kept, for a new group that starts at the earliest',
      { low: 4n, high: 10n, committed: undefined },
      'earliest',
      6,
    ],
    ['nothing, for a new group that starts at the latest', { low: 4n, high: 10n, committed: undefined }, 'latest', 0],
    ['only what is still kept, when retention was quicker', { low: 8n, high: 10n, committed: 2n }, 'earliest', 2],
    ['nothing for a topic that was made anew', { low: 0n, high: 3n, committed: 10n }, 'earliest', 0],
  ] as const)('is %s', (_, offsets, startAt, lag) => {
    expect(lagOf({ partition: 0, ...offsets }, startAt)).toBe(lag);
  });
});
