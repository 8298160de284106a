import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createLog, END, offsetsOf, readByKafkajs, readByPlatformatic } from './answers.ts';
import { deliverByKafkajs, fetchByKafkajs, toOldAnswer } from './kafkajs-broker.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

const READERS = { kafkajs: readByKafkajs, platformatic: readByPlatformatic } as const;

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
