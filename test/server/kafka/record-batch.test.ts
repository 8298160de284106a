import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c, murmur2 as theirMurmur2, Reader, readRecordsBatch } from '@platformatic/kafka';
import { murmur2 } from '../../../src/server/kafka/partitioner.ts';
import {
  type BatchMessage,
  recordLength,
  writeRecordBatch,
  writeRecords,
} from '../../../src/server/kafka/record-batch.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const header = fc.oneof(bytes, fc.string(), fc.array(bytes, { maxLength: 3 }), fc.constant(undefined));
const message: fc.Arbitrary<BatchMessage> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string(), header, { maxKeys: 4 }),
});
const HEAD = {
  producerId: 7n,
  producerEpoch: 3,
  firstSequence: 41,
  isTransactional: true,
  timestampMs: 1_700_000_000_123,
};

const toPairs = (headers: BatchMessage['headers']): (readonly [string, string])[] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => [name, Buffer.from(each).toString('hex')] as const),
  );

describe('a record batch', () => {
  it('is read by a client that we did not write as the messages that it was made of', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 80 }), (messages) => {
        const written = writeRecordBatch(writeRecords(messages), {
          ...HEAD,
          count: messages.length,
          compressionBits: 0,
        });
        const { records, ...head } = readRecordsBatch(Reader.from(written));
        expect(head).toMatchObject({
          ...{ firstOffset: 0n, length: written.length - 12, magic: 2, crc: crc32c(written.subarray(21)) >>> 0 },
          ...{
            attributes: 16,
            lastOffsetDelta: messages.length - 1,
            producerId: 7n,
            producerEpoch: 3,
            firstSequence: 41,
          },
          ...{ firstTimestamp: 1_700_000_000_123n, maxTimestamp: 1_700_000_000_123n },
        });
        expect(records.map(({ offsetDelta, timestampDelta }) => [offsetDelta, timestampDelta])).toEqual(
          messages.map((_, place) => [place, 0n]),
        );
        const read = records.map(({ key, value, headers }) => ({
          key: key?.toString('hex'),
          value: value?.toString('hex'),
          headers: headers.map(([name, each]) => [String(name), each?.toString('hex')]),
        }));
        expect(read).toEqual(
          messages.map(({ key, value, headers }) => ({
            ...{ key: key?.toString('hex'), value: value?.toString('hex'), headers: toPairs(headers) },
          })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is not longer than its messages are said to be', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
        const said = messages.reduce((sum, each) => sum + recordLength(each), 0);
        expect(writeRecords(messages).length).toBeLessThanOrEqual(said);
      }),
    );
  });
});

it('a key has the partition that both clients give it', () => {
  const load = createRequire(import.meta.url);
  const ofKafkajs = load('kafkajs/src/producer/partitioners/default/murmur2') as (key: Buffer) => number;
  fc.assert(
    fc.property(bytes, (key) => {
      expect(murmur2(key)).toBe(theirMurmur2(key) | 0);
      expect(murmur2(key)).toBe(ofKafkajs(key) | 0);
    }),
  );
});
