import { createRequire } from 'node:module';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { Reader, Writer } from '@platformatic/kafka';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { readAnswer } from '../../../src/server/kafka/platformatic/fetch.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';
import type { PartitionBatch } from '../../../src/server/kafka/port.ts';
import { unreadableAt } from '../../../src/server/kafka/read-record-batch.ts';
import { writePlainBatch } from '../../../src/server/kafka/record-batch.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { deliverByKafkajs, fetchByKafkajs, toOldAnswer } from './kafkajs-broker.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

const HEAD = { producerId: 7n, producerEpoch: 0, firstSequence: 0, isTransactional: false, timestampMs: 1_000 };

/** Batches of two events each, the first of which has offset 20; `flip` is a byte of one in which bits are others than they were. */
function createLog(
  batches: number,
  flip?: { readonly batch: number; readonly at: number; readonly bits?: number },
): Buffer {
  const written = Array.from({ length: batches }, (_, place) => {
    const numbers = [2 * place, 2 * place + 1];
    const batch = writePlainBatch(
      numbers.map((x) => ({ key: Buffer.from(`k${x}`), value: Buffer.from(JSON.stringify({ x })), headers: {} })),
      HEAD,
    );
    batch.writeBigInt64BE(BigInt(20 + 2 * place), 0);
    if (flip?.batch === place) batch[flip.at]! ^= flip.bits ?? 0x10;
    return batch;
  });
  return Buffer.concat(written);
}

const load = createRequire(import.meta.url);
const END = 30n;

/** What kafkajs makes of the records of an answer, from an offset on; undefined where it hands out nothing. */
async function readByKafkajs(records: Buffer, from: bigint, ends = [END]): Promise<PartitionBatch | undefined> {
  const answers = ends.map((end) => toOldAnswer([{ partition: 3, end, records }]));
  const [batch] = await fetchByKafkajs(answers, { 3: from });
  return batch!.isEmpty() ? undefined : deliverByKafkajs(batch!);
}

/** What the other client makes of an answer with them, by version 13 of the protocol. */
function readByPlatformatic(records: Buffer, from: bigint, [end] = [END], errorCode = 0): Promise<PartitionBatch> {
  const writer = Writer.create().appendInt32(0).appendInt16(0).appendInt32(0);
  writer.appendUnsignedVarInt(2).append(Buffer.alloc(16)).appendUnsignedVarInt(2);
  writer.appendInt32(3).appendInt16(errorCode).appendInt64(end).appendInt64(end).appendInt64(0n);
  writer
    .appendUnsignedVarInt(1)
    .appendInt32(-1)
    .appendUnsignedVarInt(records.length + 1)
    .append(records);
  const [answer] = readAnswer(Reader.from(writer.append(Buffer.alloc(3)).buffer));
  const { messages, nextOffset, unreadable } = readFetched(answer!, from);
  const source = { topic: 'events', partition: answer!.partition };
  const fault = unreadable && unreadableAt(source, nextOffset, unreadable);
  return Promise.resolve({ ...createBatch([]), ...source, messages, nextOffset, unreadable: fault });
}

const READERS = { kafkajs: readByKafkajs, platformatic: readByPlatformatic } as const;
const offsetsOf = (batch: PartitionBatch | undefined) => batch?.messages.map(({ offset }) => Number(offset));

describe.each(['kafkajs', 'platformatic'] as const)('a record batch that is not as it was written, by %s', (client) => {
  const read = READERS[client];
  const VALUE_AT = 70;

  it('stands behind what can be read in front of it; nothing of it or behind it is handed out, and its place is named', async () => {
    const batch = await read(createLog(4, { batch: 2, at: VALUE_AT }), 21n);
    expect(offsetsOf(batch)).toEqual([21, 22, 23]);
    expect(batch).toMatchObject({
      nextOffset: 24n,
      unreadable: {
        code: 'DATA_UNREADABLE',
        message: expect.stringMatching(
          /^nothing can be read from offset 24 of events\/3 on: .* checksum 0x[0-9a-f]{8} .* compare with another replica$/,
        ) as unknown,
        data: { topic: 'events', partition: 3, offset: '24' },
      },
    });
  });

  it.each([
    ['a value', VALUE_AT, 0x10],
    ['the version', 16, 0x10],
    ['the version, to that of old messages', 16, 2],
    ['the version, to that of messages as old', 16, 3],
    ['the length', 10, 0x10],
    ['the checksum', 18, 0x10],
    ['the number of records', 25, 0x10],
    ['where it lies, to before what was asked for', 7, 0x10],
    ['where it lies, to behind the end', 3, 0x10],
  ])('is told where it is the first, whatever of it is wrong: %s', async (_what, at, bits) => {
    const batch = await read(createLog(2, { batch: 0, at, bits }), 21n);
    expect(offsetsOf(batch)).toEqual([]);
    expect(batch).toMatchObject({ nextOffset: 21n, unreadable: { code: 'DATA_UNREADABLE' } });
  });

  it.each([
    ['a batch that says that it lies before the one in front of it', { batch: 2, at: 7, bits: 0x10 }],
    ['a batch that says that it lies behind the next one', { batch: 1, at: 7, bits: 0x08 }],
  ])(
    'has the one in front of it or behind it for company, where either may be the wrong one: %s',
    async (_what, flip) => {
      // The next one is told by its beginning, where the answer has no more of it.
      for (const records of [createLog(3, flip), createLog(3, flip).subarray(0, -60)]) {
        const batch = await read(records, 20n);
        expect(offsetsOf(batch)).toEqual([20, 21]);
        expect(batch).toMatchObject({ nextOffset: 22n, unreadable: { code: 'DATA_UNREADABLE' } });
        expect(batch!.unreadable!.message).toMatch(
          /: a broker's answer holds a batch up to offset \d+ in front of one from offset \d+ on: /,
        );
      }
    },
  );

  it('is told where it is the last of a partition, and says that it lies behind the end', async () => {
    const batch = await read(createLog(2, { batch: 1, at: 7, bits: 0x08 }), 20n, [24n]);
    expect(offsetsOf(batch)).toEqual([20, 21]);
    expect(batch).toMatchObject({ nextOffset: 22n, unreadable: { code: 'DATA_UNREADABLE' } });
    expect(batch!.unreadable!.message).toContain('a batch up to offset 31 of a partition that ends before offset 24');
  });

  it('is none where batches are gone between others, or records at their ends, as in topics that are compacted', async () => {
    const log = createLog(4);
    const length = log.length / 4;
    const batch = await read(Buffer.concat([log.subarray(length, 2 * length), log.subarray(3 * length)]), 20n);
    expect(offsetsOf(batch)).toEqual([22, 23, 26, 27]);
    expect(batch!.unreadable).toBeUndefined();
  });

  it('is none where all is as it was', async () => {
    const batch = await read(createLog(2), 20n);
    expect(offsetsOf(batch)).toEqual([20, 21, 22, 23]);
    expect(batch!.unreadable).toBeUndefined();
    expect(batch!.nextOffset).toBe(24n);
  });
});

describe('a partition of which the broker says that it is damaged', () => {
  const CORRUPT_MESSAGE = 2;
  const unreadable = {
    code: 'DATA_UNREADABLE',
    message: expect.stringContaining(
      'from offset 20 of events/3 on: the broker says that its log is damaged',
    ) as unknown,
  };

  it('stops no other in its answer, by kafkajs', async () => {
    const damaged = { partition: 3, errorCode: CORRUPT_MESSAGE, end: -1n, records: Buffer.alloc(0) };
    const sound = { partition: 4, end: END, records: createLog(2) };
    const [one, other] = await fetchByKafkajs([toOldAnswer([damaged, sound])], { 3: 20n, 4: 20n });
    expect(await deliverByKafkajs(one!)).toMatchObject({ messages: [], nextOffset: 20n, unreadable });
    expect(other!.messages.map(({ offset }) => offset)).toEqual(['20', '21', '22', '23']);
  });

  it('is no fault of its answer, by platformatic', async () => {
    const batch = await readByPlatformatic(Buffer.alloc(0), 20n, [-1n], CORRUPT_MESSAGE);
    expect(batch).toMatchObject({ messages: [], nextOffset: 20n, unreadable });
  });
});

it('a batch that a broker has read after it looked where the partition ends is handed out, by kafkajs', async () => {
  const batch = await readByKafkajs(createLog(2), 20n, [22n, 24n]);
  expect(offsetsOf(batch)).toEqual([20, 21, 22, 23]);
  expect(batch!.unreadable).toBeUndefined();
});

describe('messages of logs that are older than Kafka 0.11, by kafkajs', () => {
  type Message = { readonly offset: number; readonly value: string | Buffer; readonly compression?: number };
  /** As kafkajs itself wrote them, for brokers of that time. */
  function createOldLog(messages: readonly Message[], version = 1): Buffer {
    const write = load(`kafkajs/src/protocol/message/v${version}`) as (message: object) => { readonly buffer: Buffer };
    return Buffer.concat(
      messages.map(({ offset, value, compression = 0 }) => {
        const bytes = Buffer.from(value);
        const { buffer } = write({ compression, timestamp: 1_000, key: Buffer.from('k'), value: bytes });
        const head = Buffer.alloc(12);
        head.writeBigInt64BE(BigInt(offset), 0);
        head.writeInt32BE(buffer.length, 8);
        return Buffer.concat([head, buffer]);
      }),
    );
  }
  const THREE = [20, 21, 22].map((offset) => ({ offset, value: `{"x": ${offset}}` }));

  it.each([0, 1])('are read where each is as it was written: version %d', async (version) => {
    const log = createOldLog(THREE, version);
    // The last one of an answer may be cut.
    const cut = createOldLog([{ offset: 23, value: '{"x": 23}' }], version).subarray(0, 30);
    const batch = await readByKafkajs(Buffer.concat([log, cut]), 20n);
    expect(batch!.messages.map(({ value }) => String(value))).toEqual(['{"x": 20}', '{"x": 21}', '{"x": 22}']);
    expect(batch).toMatchObject({ nextOffset: 23n, unreadable: undefined });
  });

  it('are told as what they may be by platformatic, which does not read them', async () => {
    const batch = await readByPlatformatic(createOldLog(THREE), 20n);
    expect(batch).toMatchObject({ messages: [], nextOffset: 20n, unreadable: { code: 'DATA_UNREADABLE' } });
    expect(batch.unreadable!.message).toContain('if the log is as old as that, only --kafka-client kafkajs reads it');
  });

  it('are read where they are compressed', async () => {
    const value = gzipSync(createOldLog([0, 1].map((offset) => ({ offset, value: '{}' }))));
    const batch = await readByKafkajs(createOldLog([{ offset: 21, value, compression: 1 }]), 20n);
    expect(offsetsOf(batch)).toEqual([20, 21]);
  });

  it('are read beside transactions that were taken back, to none of which they belong', async () => {
    const aborted = [{ producerId: 7n, firstOffset: 2n }];
    const answer = toOldAnswer([{ partition: 3, end: END, aborted, records: createOldLog(THREE) }]);
    const [batch] = await fetchByKafkajs([answer], { 3: 20n });
    expect(batch!.messages.map(({ offset }) => offset)).toEqual(['20', '21', '22']);
  });

  it.each([
    ['key', 26],
    ['value', 31],
  ])('are read up to one with a %s that is longer than it is, whatever its checksum says', async (_what, at) => {
    const log = createOldLog(THREE);
    const [start, length] = [log.length / 3, log.length / 3];
    log.writeInt32BE(1_000, start + at);
    log.writeUInt32BE(crc32(log.subarray(start + 16, start + length)), start + 12);
    const batch = await readByKafkajs(log, 20n);
    expect(offsetsOf(batch)).toEqual([20]);
    expect(batch).toMatchObject({ nextOffset: 21n, unreadable: { code: 'DATA_UNREADABLE' } });
    expect(batch!.unreadable!.message).toContain(`a text of 1000 bytes at byte ${at} of a message of ${length}`);
  });

  it('are read up to the first with another bit, whose place is named', async () => {
    const log = createOldLog(THREE);
    log[log.length / 3 + 40]! ^= 0x10;
    const batch = await readByKafkajs(log, 20n);
    expect(offsetsOf(batch)).toEqual([20]);
    expect(batch).toMatchObject({ nextOffset: 21n, unreadable: { code: 'DATA_UNREADABLE' } });
    expect(batch!.unreadable!.message).toMatch(/from offset 21 of events\/3 on: .* checksum 0x[0-9a-f]{8} /);
  });

  it.each([
    ['the first before what was asked for', 0, 0x10, []],
    ['one before another', 1, 0x10, []],
    ['the last behind the end', 2, 0x20, [20, 21]],
  ])('are read up to one that says that it lies elsewhere: %s', async (_what, place, bits, offsets) => {
    const log = createOldLog(THREE);
    log[(place * log.length) / 3 + 7]! ^= bits;
    const batch = await readByKafkajs(log, 20n);
    expect(offsetsOf(batch)).toEqual(offsets);
    expect(batch).toMatchObject({ nextOffset: BigInt(20 + offsets.length), unreadable: { code: 'DATA_UNREADABLE' } });
  });

  it.each([
    ['is not compressed as it says', 'no gzip'],
    ['has none in it', gzipSync(Buffer.alloc(0))],
    ['has part of one in it', gzipSync(createOldLog(THREE).subarray(0, 8))],
  ])('are read up to one that %s', async (_what, value) => {
    const batch = await readByKafkajs(createOldLog([THREE[0]!, { offset: 21, value, compression: 1 }]), 20n);
    expect(offsetsOf(batch)).toEqual([20]);
    expect(batch).toMatchObject({ nextOffset: 21n, unreadable: { code: 'DATA_UNREADABLE' } });
  });
});

it('what is in front of what cannot be read is scored and committed; the rest is waited for, and an error says where it is', async () => {
  const lines: string[] = [];
  const producer = createMemoryProducer();
  const scorer = toScorer(createNumberDetector());
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    ...{ results: JSON_RESULTS, deliveries: createPlainDeliveries(producer), metrics: createMetrics().kafka },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    log: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }),
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 3, pauseMs: 5_000 },
  });
  const values = createBatch(['{"x": 1}', '{"x": 2}']);
  const { unreadable } = await readByPlatformatic(createLog(1, { batch: 0, at: 70 }), 20n);
  await handle({ ...values, unreadable });
  expect(producer.sent).toEqual({ out: ['k0', 'k1'] });
  expect(values).toMatchObject({ committed: [2n], redeliveries: [5_000] });
  await handle({ ...values, messages: [], unreadable });
  expect(values.redeliveries).toEqual([5_000, 5_000]);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('nothing can be read from offset 20 of events/3 on');
});
