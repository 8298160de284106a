import { describe, expect, it } from '@jest/globals';
import { createHiddenRanges, lagOf } from '../../../src/server/kafka/lag.ts';

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

  it('leaves out what readers do not see, where the committed offset has come to it, and not before', () => {
    const hidden = createHiddenRanges();
    // Fetched one after the other: one range.
    hidden.note({ partition: 0, from: 10n, to: 15n });
    hidden.note({ partition: 0, from: 15n, to: 20n });
    const lag = (committed: bigint, high: bigint, partition = 0): number =>
      lagOf({ partition, low: 0n, high, committed }, 'earliest', (offset) => hidden.behind(partition, offset));
    expect([lag(10n, 20n), lag(12n, 20n), lag(20n, 20n), lag(10n, 23n)]).toEqual([0, 0, 0, 3]);
    expect([lag(9n, 20n), lag(10n, 20n, 1)]).toEqual([11, 10]);
    hidden.note({ partition: 0, from: 30n, to: 32n });
    expect([lag(30n, 32n), lag(10n, 32n)]).toEqual([0, 22]);
  });
});
