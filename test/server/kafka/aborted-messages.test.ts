import { describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import {
  type FetchedMessage,
  type FetchedPartition,
  markAborted,
} from '../../../src/server/kafka/kafkajs/aborted-messages.ts';

type Filter = (partition: FetchedPartition) => FetchedMessage[];
const filter = createRequire(import.meta.url)('kafkajs/src/consumer/filterAbortedMessages') as Filter;

const message = (offset: number, producerId: string, value = `${producerId}@${offset}`) => ({
  ...{ offset: `${offset}`, key: Buffer.from('key'), value, isControlRecord: false },
  batchContext: { producerId, inTransaction: true, lastOffset: BigInt(offset) },
});
const end = (offset: number, producerId: string, type: 'abort' | 'commit') => ({
  ...{ ...message(offset, producerId, type), isControlRecord: true },
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
});

/** Values that a reader of committed messages is given. */
function readCommitted(partition: FetchedPartition, repaired = true): string[] {
  if (repaired) markAborted(partition);
  const read = filter(partition) as unknown as { value: string; isControlRecord: boolean }[];
  return read.filter(({ isControlRecord }) => !isControlRecord).map(({ value }) => value);
}

/** Two transactions that overlap, the later one of which ends first, as the broker lists them; then a committed one. */
const overlapping = (): FetchedPartition => ({
  messages: [
    message(0, '1'),
    message(1, '2'),
    end(2, '2', 'abort'),
    message(3, '1'),
    end(4, '1', 'abort'),
    message(5, '1'),
    end(6, '1', 'commit'),
  ],
  abortedTransactions: [
    { producerId: '2', firstOffset: '1' },
    { producerId: '1', firstOffset: '0' },
  ],
});

describe('messages that were taken back', () => {
  it('are not read where transactions overlap; kafkajs by itself hands some out', () => {
    expect(readCommitted(overlapping())).toEqual(['1@5']);
    expect(readCommitted(overlapping(), false)).toContain('1@0');
  });

  it('are not read where a response begins in the middle of several transactions', () => {
    const messages = [
      message(10, '2'),
      message(11, '1'),
      end(12, '1', 'abort'),
      end(13, '2', 'abort'),
      message(14, '2'),
    ];
    const abortedTransactions = [
      { producerId: '1', firstOffset: '3' },
      { producerId: '2', firstOffset: '9' },
    ];
    expect(readCommitted({ messages, abortedTransactions })).toEqual(['2@14']);
  });

  it('leave those alone that are in no transaction, or in one that was committed', () => {
    const plain = { ...message(1, '1'), batchContext: { ...message(1, '1').batchContext, inTransaction: false } };
    const messages = [message(0, '3'), plain, end(2, '3', 'commit')];
    expect(readCommitted({ messages, abortedTransactions: [{ producerId: '1', firstOffset: '0' }] })).toEqual([
      '3@0',
      '1@1',
    ]);
    expect(readCommitted({ messages, abortedTransactions: null })).toEqual(['3@0', '1@1']);
  });
});
