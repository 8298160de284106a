import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Reader, readRecordsBatches } from '@platformatic/kafka';
import '../../../src/server/kafka/kafkajs/engine.ts';
import { readBatches, readRecords } from '../../../src/server/kafka/read-record-batch.ts';
import { type BatchMessage, writePlainBatch } from '../../../src/server/kafka/record-batch.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';

const HEAD = { producerId: 7n, producerEpoch: 0, firstSequence: 0, isTransactional: true, timestampMs: 1_000 };
const bytes = fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some));
const message: fc.Arbitrary<BatchMessage> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string(), fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })), { maxKeys: 4 }),
});

/** As kafkajs reads what is behind the length of an answer's records, with what is done to it here. */
async function readByKafkajs(
  records: Buffer,
): Promise<readonly { readonly offset: string; readonly headers: object }[]> {
  const load = createRequire(import.meta.url);
  const Decoder = load('kafkajs/src/protocol/decoder') as new (some: Buffer) => object;
  const decode = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (decoder: object) => Promise<never>;
  const length = Buffer.alloc(4);
  length.writeInt32BE(records.length);
  return decode(new Decoder(Buffer.concat([length, records])));
}

const readAll = (some: Buffer) => [...readBatches(some)].flatMap((batch) => readRecords(batch, batch.records));
const readByPlatformatic = (records: Buffer) => readFetched({ records: readRecordsBatches(Reader.from(records)) }, 0n);

describe('the record batches of an answer', () => {
  it('are read as the client reads them that we did not write', () => {
    fc.assert(
      fc.property(fc.array(fc.array(message, { minLength: 1, maxLength: 20 }), { maxLength: 3 }), (batches) => {
        const answer = Buffer.concat(batches.map((messages) => writePlainBatch(messages, HEAD)));
        const { messages } = readByPlatformatic(answer);
        expect(readAll(answer)).toEqual(
          messages.map(({ timestampMs, ...rest }) => ({ ...rest, timeMs: BigInt(timestampMs!) })),
        );
        const [head] = readBatches(answer);
        if (head !== undefined) expect(head).toMatchObject({ producerId: 7n, isInTransaction: true, isControl: false });
      }),
    );
  });

  it('may end in the middle of one, as answers do that are as long as they may be', () => {
    const [one, two] = [1, 2].map((x) =>
      writePlainBatch([{ key: null, value: Buffer.from(`${x}`), headers: {} }], HEAD),
    );
    const values = readAll(Buffer.concat([one!, two!.subarray(0, -1)])).map(({ value }) => String(value));
    expect(values).toEqual(['1']);
  });

  it('that say what cannot be are refused, however large the numbers in them', () => {
    const good = writePlainBatch([{ key: null, value: Buffer.from('1'), headers: { a: 'b' } }], HEAD);
    const changed = (at: number, hex: string): Buffer => {
      const copy = Buffer.from(good);
      Buffer.from(hex, 'hex').copy(copy, at);
      return copy;
    };
    const headersAt = good.length - 5;
    expect(good[headersAt]).toBe(2);
    for (const [broken, what] of [
      [changed(8, 'fffffff4'), 'a batch at byte 0 that ends at byte 0'],
      [changed(57, '7fffffff'), 'a number that does not end before byte'],
      [changed(headersAt, 'feffffff0f'), '2147483647 headers in 0 bytes'],
      [changed(headersAt, '01'), '-1 headers in 4 bytes'],
      [changed(61, 'ff'), 'a record of'],
    ] as const)
      expect(() => readAll(broken)).toThrow(
        expect.objectContaining({
          code: 'DATA_UNREADABLE',
          message: expect.stringContaining(what) as unknown as string,
        }),
      );
  });
});

describe('what any producer can write', () => {
  const count = 300_000;

  it('two hundred thousand headers in one event are read by both clients, each name and each of its values', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i.toString(36), 'x']));
    const again = { again: Array.from({ length: 100_000 }, () => Buffer.from('x')) };
    const answer = writePlainBatch([{ key: null, value: null, headers: { ...headers, ...again } }], HEAD);
    const { messages } = readByPlatformatic(answer);
    const [read] = await readByKafkajs(answer);
    for (const each of [messages[0]!.headers, read!.headers as Record<string, unknown>]) {
      expect(Object.keys(each)).toHaveLength(100_001);
      expect(each['again']).toHaveLength(100_000);
    }
  });

  it('so are three hundred thousand events in one batch, by both clients', async () => {
    const small = { key: null, value: null, headers: {} };
    const answer = writePlainBatch(
      Array.from({ length: count }, () => small),
      HEAD,
    );
    expect(readByPlatformatic(answer).messages).toHaveLength(count);
    const read = await readByKafkajs(answer);
    expect(read).toHaveLength(count);
    expect(read.at(-1)!.offset).toBe(`${count - 1}`);
  });
});
