import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Reader, readRecordsBatches } from '@platformatic/kafka';
import '../../../src/server/kafka/kafkajs/engine.ts';
import { readBatches, readRecords } from '../../../src/server/kafka/read-record-batch.ts';
import { type BatchMessage, writePlainBatch } from '../../../src/server/kafka/record-batch.ts';
import { collectHeaders } from '../../../src/server/kafka/headers.ts';
import { withSums } from './record-sums.ts';

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
/** As a client reads them that we did not write. */
const readByOther = (answer: Buffer) =>
  readRecordsBatches(Reader.from(answer)).flatMap(({ firstOffset, firstTimestamp, records }) =>
    records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
      ...{ offset: firstOffset + BigInt(offsetDelta), timeMs: firstTimestamp + timestampDelta },
      ...{ key, value, headers: collectHeaders(headers) },
    })),
  );

describe('the record batches of an answer', () => {
  it('are read as the client reads them that we did not write', () => {
    fc.assert(
      fc.property(fc.array(fc.array(message, { minLength: 1, maxLength: 20 }), { maxLength: 3 }), (batches) => {
        let next = 0n;
        const written = batches.map((messages) => {
          const batch = writePlainBatch(messages, HEAD);
          batch.writeBigInt64BE(next);
          next += BigInt(messages.length);
          return batch;
        });
        const answer = Buffer.concat(written);
        expect(readAll(answer)).toEqual(readByOther(answer));
        const [head] = readBatches(answer);
        if (head !== undefined) expect(head).toMatchObject({ producerId: 7n, isInTransaction: true, isControl: false });
      }),
    );
  });

  it('have the times of their producer, or the broker where the topic says so', () => {
    const answer = writePlainBatch([{ key: null, value: null, headers: {} }], HEAD);
    answer.writeBigInt64BE(2_000n, 35);
    expect(readAll(withSums(answer))[0]!.timeMs).toBe(1_000n);
    answer.writeInt16BE(0x08, 21);
    expect(readAll(withSums(answer))[0]!.timeMs).toBe(2_000n);
  });

  it('may end in the middle of one, as answers do that are as long as they may be', () => {
    const [one, two] = [1, 2].map((x) =>
      writePlainBatch([{ key: null, value: Buffer.from(`${x}`), headers: {} }], HEAD),
    );
    two!.writeBigInt64BE(1n);
    const values = readAll(Buffer.concat([one!, two!.subarray(0, -1)])).map(({ value }) => String(value));
    expect(values).toEqual(['1']);
    expect(readAll(Buffer.alloc(0))).toEqual([]);
    // Brokers send the first one whole, however long: its length is not what it was.
    expect(() => readAll(one!.subarray(0, -1))).toThrow(/no whole batch in \d+ bytes/);
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
      expect(() => readAll(withSums(broken))).toThrow(
        expect.objectContaining({
          code: 'DATA_UNREADABLE',
          message: expect.stringContaining(what) as unknown as string,
        }),
      );
  });
});

describe('a checksum', () => {
  it('tells of any one bit that is another, behind it and in itself', () => {
    const good = writePlainBatch(
      [{ key: Buffer.from('k'), value: Buffer.from('{"x": 1}'), headers: { a: 'b' } }],
      HEAD,
    );
    for (let bit = 17 * 8; bit < good.length * 8; bit++) {
      const broken = Buffer.from(good);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => readAll(broken)).toThrow(/a batch with checksum 0x[0-9a-f]{8} whose bytes have 0x[0-9a-f]{8}/);
    }
  });

  it('does not stand for the version of a batch, which is looked at as well', () => {
    const good = writePlainBatch([{ key: null, value: null, headers: {} }], HEAD);
    good[16] = 3;
    expect(() => readAll(good)).toThrow('a batch of version 3');
  });
});

describe('what any producer can write', () => {
  const count = 300_000;

  it('two hundred thousand headers in one event are read by both clients, each name and each of its values', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i.toString(36), 'x']));
    const again = { again: Array.from({ length: 100_000 }, () => Buffer.from('x')) };
    const answer = writePlainBatch([{ key: null, value: null, headers: { ...headers, ...again } }], HEAD);
    const [ours] = readAll(answer);
    const [read] = await readByKafkajs(answer);
    for (const each of [ours!.headers, read!.headers as Record<string, unknown>]) {
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
    expect(readAll(answer)).toHaveLength(count);
    const read = await readByKafkajs(answer);
    expect(read).toHaveLength(count);
    expect(read.at(-1)!.offset).toBe(`${count - 1}`);
  });
});
