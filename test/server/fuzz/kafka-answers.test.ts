import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { loadCodecs } from '../../../src/server/kafka/compression.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { registerCodecs as registerWithKafkajs } from '../../../src/server/kafka/kafkajs/codecs.ts';
import { toKafkaError } from '../../../src/server/kafka/kafkajs/faults.ts';
import { fromMessage } from '../../../src/server/kafka/kafkajs/messages.ts';
import { findMark } from '../../../src/server/kafka/kafkajs/unreadable-marks.ts';
import { registerCodecs as registerWithPlatformatic } from '../../../src/server/kafka/platformatic/codecs.ts';
import { Reader, Writer } from '../../../src/server/kafka/platformatic/engine.ts';
import { toKafkaError as toPlatformaticError } from '../../../src/server/kafka/platformatic/faults.ts';
import { readAnswer } from '../../../src/server/kafka/platformatic/fetch.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';
import type { InboundMessage } from '../../../src/server/kafka/port.ts';
import { type BatchHead, writeRecordBatch, writeRecords } from '../../../src/server/kafka/record-batch.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { fetchByKafkajs, toOldAnswer } from '../kafka/kafkajs-broker.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from '../kafka/memory-kafka.ts';
import { withSums } from '../kafka/record-sums.ts';
import { inputsOf, run } from './campaign.ts';
import { mutated } from './mutations.ts';

const BROKERS = ['broker:9092'];
const HEAD: BatchHead = {
  ...{ count: 3, producerId: 5n, producerEpoch: 0, firstSequence: 0, isTransactional: false, timestampMs: 1_000 },
  compressionBits: 0,
};

/** Record batches of three events: plain, of a transaction, and compressed in each way; two in a row. */
async function createRecords(): Promise<readonly Buffer[]> {
  const { gzip, snappy, lz4, zstd } = await loadCodecs();
  const headers = { source: 'till', tags: ['a', 'b'] };
  const messages = [1, 2, 3].map((x) => ({ key: Buffer.from(`k${x}`), value: Buffer.from(`{"x": ${x}}`), headers }));
  const records = writeRecords(messages);
  const plain = writeRecordBatch(records, HEAD);
  const compressed = [gzip, snappy, lz4, zstd].map((codec, place) =>
    writeRecordBatch(codec.compress(records), { ...HEAD, compressionBits: place + 1 }),
  );
  const transactional = writeRecordBatch(records, { ...HEAD, isTransactional: true });
  const behind = Buffer.from(compressed[0]!);
  behind.writeBigInt64BE(3n);
  return [plain, transactional, ...compressed, Buffer.concat([plain, behind])];
}

/** An answer to a fetch of one partition with a transaction that was taken back, by version 11 of the protocol. */
const toOnePart = (records: Buffer): Buffer =>
  toOldAnswer([{ partition: 0, end: 9n, aborted: [{ producerId: 6n, firstOffset: 0n }], records }]);

/** The same by version 13. */
function toNewAnswer(records: Buffer): Buffer {
  const writer = Writer.create().appendInt32(0).appendInt16(0).appendInt32(0);
  writer.appendUnsignedVarInt(2).append(Buffer.alloc(16)).appendUnsignedVarInt(2);
  writer.appendInt32(0).appendInt16(0).appendInt64(9n).appendInt64(9n).appendInt64(0n);
  writer.appendUnsignedVarInt(2).appendInt64(6n).appendInt64(0n).appendUnsignedVarInt(0).appendInt32(-1);
  return writer
    .appendUnsignedVarInt(records.length + 1)
    .append(records)
    .append(Buffer.alloc(3)).buffer;
}

/** What is handed out of an answer, and whether something of it cannot be read. */
interface Read {
  readonly messages: readonly InboundMessage[];
  readonly isCut: boolean;
}

async function readByKafkajs(answer: Buffer): Promise<Read> {
  const batches = (await fetchByKafkajs([answer], { 0: 0n })).map(({ messages }) => messages);
  const isMarked = (messages: readonly object[]): boolean => findMark(messages) !== undefined;
  return {
    messages: batches.flatMap((messages) => (isMarked(messages) ? messages.slice(0, -1) : messages).map(fromMessage)),
    isCut: batches.some(isMarked),
  };
}

async function readByPlatformatic(answer: Buffer): Promise<Read> {
  const parts = readAnswer(Reader.from(answer)).map((part) => readFetched(part, 0n));
  return Promise.resolve({
    messages: parts.flatMap(({ messages }) => messages),
    isCut: parts.some(({ unreadable }) => unreadable !== undefined),
  });
}

/** Scores events, each of which must become a result or a dead letter. */
function createScoring() {
  const scorer = toScorer(createNumberDetector());
  const producer = createMemoryProducer();
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    ...{ results: JSON_RESULTS, deliveries: createPlainDeliveries(producer), metrics: createMetrics().kafka },
    ...{ reader: createEventReader({ format: 'json', maxEventBytes: 20_000 }), log: pino({ level: 'silent' }) },
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 5_000 },
  });
  return async (messages: readonly InboundMessage[]): Promise<void> => {
    for (const topic of Object.keys(producer.sent)) producer.sent[topic]!.length = 0;
    const nextOffset = messages.at(-1)!.offset + 1n;
    const batch = { ...createBatch([]), messages, nextOffset };
    await handle(batch);
    const { out = [], dead = [] } = producer.sent;
    expect(out.length + dead.length).toBe(messages.length);
    expect([batch.committed.at(-1), batch.redeliveries]).toEqual([nextOffset, []]);
  };
}

let records: readonly Buffer[] = [];
beforeAll(async () => {
  const codecs = await loadCodecs();
  registerWithKafkajs(codecs);
  registerWithPlatformatic(codecs);
  records = await createRecords();
});

const CLIENTS = {
  kafkajs: { toAnswer: toOnePart, read: readByKafkajs, toError: toKafkaError },
  platformatic: { toAnswer: toNewAnswer, read: readByPlatformatic, toError: toPlatformaticError },
} as const;

it.each(['kafkajs', 'platformatic'] as const)(
  `reads each of ${inputsOf()} mutated answers of a broker by %s, or says that it cannot; its events have results or dead letters`,
  async (client) => {
    const { toAnswer, read, toError } = CLIENTS[client];
    const scoreAll = createScoring();
    const goods = records.map(toAnswer);
    for (const good of goods) expect((await read(good)).messages.length % 3).toBe(0);
    // Changed on the way, which a checksum tells; and by a producer or a broker that means what it writes.
    const onTheWay = mutated(goods);
    const onPurpose = mutated(records).map((batches) => toAnswer(withSums(batches)));
    const inputs = fc.oneof({ arbitrary: onTheWay, weight: 1 }, { arbitrary: onPurpose, weight: 2 });
    const outcomes = await run({
      ...{ entrance: 'Kafka', what: `answers of brokers to fetches, by ${client}`, inputs },
      send: async (answer) => {
        const { messages, isCut } = await read(answer).catch((thrown: unknown) => {
          expect(['UNAVAILABLE', 'DATA_UNREADABLE']).toContain(toError(thrown, BROKERS).code);
          return { messages: [], isCut: true };
        });
        if (messages.length > 0) await scoreAll(messages);
        return messages.length > 0 ? 'events' : isCut ? 'refused' : 'no event';
      },
    });
    expect(outcomes['events']).toBeGreaterThan(inputsOf() / 50);
    expect(outcomes['refused']).toBeGreaterThan(inputsOf() / 50);
  },
  3_600_000,
);
