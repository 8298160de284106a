import { createRequire } from 'node:module';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { createLog, END, offsetsOf, readByKafkajs, readByPlatformatic } from './answers.ts';
import { fetchByKafkajs, toOldAnswer } from './kafkajs-broker.ts';

const load = createRequire(import.meta.url);

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

  it('end an answer in which they lie behind batches, as where the format was taken back: the next one begins with them', async () => {
    const old = createOldLog([
      { offset: 24, value: '{"x": 24}' },
      { offset: 25, value: '{"x": 25, "a long name": "that makes it long"}' },
    ]);
    const batch = await readByKafkajs(Buffer.concat([createLog(2), old]), 20n);
    expect(offsetsOf(batch)).toEqual([20, 21, 22, 23]);
    expect(batch).toMatchObject({ nextOffset: 24n, unreadable: undefined });
    expect(offsetsOf(await readByKafkajs(old, 24n))).toEqual([24, 25]);
  });

  it('are none behind batches, where a version is damaged to theirs: the next answer, which begins with it, says so', async () => {
    const log = createLog(3, { batch: 2, at: 16, bits: 3 });
    const batch = await readByKafkajs(log, 20n);
    expect(offsetsOf(batch)).toEqual([20, 21, 22, 23]);
    expect(batch).toMatchObject({ nextOffset: 24n, unreadable: undefined });
    const next = await readByKafkajs(log.subarray((2 * log.length) / 3), 24n);
    expect(next).toMatchObject({ messages: [], nextOffset: 24n, unreadable: { code: 'DATA_UNREADABLE' } });
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
