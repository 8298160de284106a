import { describe, expect, it } from '@jest/globals';
import type { PartitionAnswer, ReadBatch } from '../../../src/server/kafka/platformatic/fetch.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';

/** A batch of one record, whose value says who wrote it and where. */
function batch(offset: number, producerId: number, changed: Partial<ReadBatch['batch']> = {}): ReadBatch {
  const value = Buffer.from(`${producerId}@${offset}`);
  const place = { firstOffset: BigInt(offset), lastOffset: BigInt(offset), producerId: BigInt(producerId) };
  const flags = { isInTransaction: true, isControl: false, compressionBits: 0 };
  const times = { brokersTimeMs: undefined, firstTimeMs: 1000n };
  return {
    batch: { ...place, ...flags, ...times, count: 1, records: Buffer.alloc(0), ...changed },
    records: [{ offset: BigInt(offset), timeMs: 1005n, key: null, value, headers: {} }],
  };
}

function end(offset: number, producerId: number, type: 'abort' | 'commit'): ReadBatch {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const { batch: head, records } = batch(offset, producerId, { isControl: true });
  return { batch: head, records: [{ ...records[0]!, key }] };
}

const abortedAt = (producerId: number, firstOffset: number) => ({
  producerId: BigInt(producerId),
  firstOffset: BigInt(firstOffset),
});
type Part = Partial<Pick<PartitionAnswer, 'batches' | 'aborted' | 'unreadable'>>;
const read = (part: Part, from = 0n) =>
  readFetched({ ...{ batches: [], aborted: [], unreadable: undefined, end: 20n }, ...part }, from);
const values = (part: Part, from = 0n): string[] => read(part, from).messages.map(({ value }) => value!.toString());

describe('what readers of committed messages see of a fetch', () => {
  it('is nothing that was taken back, where transactions overlap and a producer goes on', () => {
    const batches = [
      ...[batch(0, 1), batch(1, 2), end(2, 2, 'abort'), batch(3, 1), end(4, 1, 'abort')],
      ...[batch(5, 1), end(6, 1, 'commit'), batch(7, 2), end(8, 2, 'abort'), batch(9, 2), end(10, 2, 'commit')],
    ];
    const aborted = [abortedAt(2, 1), abortedAt(1, 0), abortedAt(2, 7)];
    expect(values({ batches, aborted })).toEqual(['1@5', '2@9']);
    expect(values({ batches })).toHaveLength(6);
  });

  it('is nothing of a transaction whose end was not fetched yet, nor an end without a beginning', () => {
    const aborted = [abortedAt(1, 3)];
    expect(values({ batches: [batch(10, 1), batch(11, 2)], aborted }, 10n)).toEqual(['2@11']);
    expect(values({ batches: [end(10, 7, 'abort'), batch(11, 2)], aborted })).toEqual(['2@11']);
  });

  it('begins where it was asked to, and ends behind the control records, and what is gone of a compacted topic', () => {
    const [one, two] = [batch(4, 1, { lastOffset: 5n }), batch(5, 1)];
    const both = { ...one, records: [...one.records, ...two.records] };
    const fetched = read({ batches: [both, end(6, 1, 'commit')] }, 5n);
    expect(fetched.messages.map(({ offset }) => offset)).toEqual([5n]);
    expect(fetched.nextOffset).toBe(7n);
    expect(read({ batches: [{ ...batch(7, 1, { lastOffset: 9n }), records: [] }] }, 7n)).toMatchObject({
      ...{ messages: [], nextOffset: 10n },
    });
    expect(read({}, 5n)).toEqual({ messages: [], nextOffset: 5n, unreadable: undefined });
  });

  it('has its time, and none for none', () => {
    const timeOf = (timeMs: bigint) => {
      const { batch: head, records } = batch(0, 1);
      return read({ batches: [{ batch: head, records: [{ ...records[0]!, timeMs }] }] }).messages[0]!.timestampMs;
    };
    expect(timeOf(1005n)).toBe(1005);
    expect(timeOf(-1n)).toBeUndefined();
  });
});
