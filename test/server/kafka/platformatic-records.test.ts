import { describe, expect, it } from '@jest/globals';
import type { RecordsBatch } from '../../../src/server/kafka/platformatic/engine.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';

const [IN_TRANSACTION, IS_CONTROL, TIMED_BY_BROKER] = [0x10, 0x20, 0x08];

/** A batch of one record, whose value says who wrote it and where. */
function batch(offset: number, producerId: number, changed: Partial<RecordsBatch> = {}): RecordsBatch {
  const value = Buffer.from(`${producerId}@${offset}`);
  const record = { length: 0, attributes: 0, timestampDelta: 5n, offsetDelta: 0, key: null, value, headers: [] };
  return {
    ...{
      firstOffset: BigInt(offset),
      length: 0,
      partitionLeaderEpoch: 0,
      magic: 2,
      crc: 0,
      attributes: IN_TRANSACTION,
    },
    ...{ lastOffsetDelta: 0, firstTimestamp: 1000n, maxTimestamp: 2000n, producerId: BigInt(producerId) },
    ...{ producerEpoch: 0, firstSequence: 0, records: [record] },
    ...changed,
  };
}

function end(offset: number, producerId: number, type: 'abort' | 'commit'): RecordsBatch {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const { records, ...rest } = batch(offset, producerId, { attributes: IN_TRANSACTION | IS_CONTROL });
  return { ...rest, records: [{ ...records[0]!, key }] };
}

const aborted = (producerId: number, firstOffset: number) => ({
  producerId: BigInt(producerId),
  firstOffset: BigInt(firstOffset),
});
const values = (part: Parameters<typeof readFetched>[0], from = 0n): string[] =>
  readFetched(part, from).messages.map(({ value }) => value!.toString());

describe('what readers of committed messages see of a fetch', () => {
  it('is nothing that was taken back, where transactions overlap and a producer goes on', () => {
    const records = [
      ...[batch(0, 1), batch(1, 2), end(2, 2, 'abort'), batch(3, 1), end(4, 1, 'abort')],
      ...[batch(5, 1), end(6, 1, 'commit'), batch(7, 2), end(8, 2, 'abort'), batch(9, 2), end(10, 2, 'commit')],
    ];
    const abortedTransactions = [aborted(2, 1), aborted(1, 0), aborted(2, 7)];
    expect(values({ records, abortedTransactions })).toEqual(['1@5', '2@9']);
    expect(values({ records, abortedTransactions: [] })).toHaveLength(6);
  });

  it('is nothing of a transaction whose end was not fetched yet, nor an end without a beginning', () => {
    const abortedTransactions = [aborted(1, 3)];
    expect(values({ records: [batch(10, 1), batch(11, 2)], abortedTransactions }, 10n)).toEqual(['2@11']);
    expect(values({ records: [end(10, 7, 'abort'), batch(11, 2)], abortedTransactions: [aborted(1, 3)] })).toEqual([
      '2@11',
    ]);
  });

  it('begins where it was asked to, and ends behind the control records', () => {
    const [{ records: one }, { records: two }] = [batch(4, 1), batch(5, 1)];
    const both = { records: [...one, { ...two[0]!, offsetDelta: 1 }], lastOffsetDelta: 1 };
    const fetched = readFetched({ records: [batch(4, 1, both), end(6, 1, 'commit')] }, 5n);
    expect(fetched.messages.map(({ offset }) => offset)).toEqual([5n]);
    expect(fetched.nextOffset).toBe(7n);
    expect(readFetched({}, 5n)).toEqual({ messages: [], nextOffset: 5n });
  });

  it('has the time of the producer, or of the broker where the topic says so, and none for none', () => {
    const timeOf = (changed: Partial<RecordsBatch>) =>
      readFetched({ records: [batch(0, 1, changed)] }, 0n).messages[0]!.timestampMs;
    expect(timeOf({})).toBe(1005);
    expect(timeOf({ attributes: TIMED_BY_BROKER })).toBe(2000);
    expect(timeOf({ firstTimestamp: -6n })).toBeUndefined();
  });

  it('keeps headers that come more than once, have no value, or are called __proto__', () => {
    const pairs = [
      ['a', '1'],
      ['a', '2'],
      ['__proto__', 'p'],
      ['empty', null],
    ].map(
      ([name, value]) =>
        [Buffer.from(name!), value === null || value === undefined ? null : Buffer.from(value)] as [
          Buffer,
          Buffer | null,
        ],
    );
    const { records, ...rest } = batch(0, 1);
    const { headers } = readFetched({ records: [{ ...rest, records: [{ ...records[0]!, headers: pairs }] }] }, 0n)
      .messages[0]!;
    expect(Object.entries(headers)).toEqual([
      ['a', [Buffer.from('1'), Buffer.from('2')]],
      ['__proto__', Buffer.from('p')],
      ['empty', Buffer.alloc(0)],
    ]);
  });
});
