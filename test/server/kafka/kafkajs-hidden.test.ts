import { describe, expect, it } from '@jest/globals';
import { toHiddenRange } from '../../../src/server/kafka/kafkajs/consumer.ts';

describe('what kafkajs leaves out of a fetch', () => {
  it('is what it fetched, to the end', () => {
    expect(toHiddenRange({ partition: 1, firstOffset: '4', lastOffset: '6' })).toEqual({
      partition: 1,
      from: 4n,
      to: 7n,
    });
  });

  it('is the offset that was asked for, where a compacted topic has nothing but older ones in the batch', () => {
    expect(toHiddenRange({ partition: 1, firstOffset: null, lastOffset: '9' })).toEqual({
      partition: 1,
      from: 9n,
      to: 10n,
    });
  });
});
