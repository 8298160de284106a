import { describe, expect, it } from '@jest/globals';
import { fromMessage } from '../../../src/server/kafka/kafkajs/messages.ts';

const MESSAGE = { offset: '9007199254740993', key: null, value: null, timestamp: '-1' };

describe('a message from kafkajs', () => {
  it('keeps an offset beyond 2^53, and has no time where the producer gave none', () => {
    expect(fromMessage(MESSAGE)).toMatchObject({ offset: 9007199254740993n, timestampMs: undefined });
    expect(fromMessage({ ...MESSAGE, timestamp: '5' }).timestampMs).toBe(5);
  });

  it('has empty headers for null ones, which the client cannot write, and keeps repeated ones', () => {
    const headers = { empty: null, twice: [Buffer.from('a'), null], bytes: Buffer.from([0, 255]) };
    expect(fromMessage({ ...MESSAGE, headers }).headers).toEqual({
      empty: Buffer.alloc(0),
      twice: [Buffer.from('a'), Buffer.alloc(0)],
      bytes: Buffer.from([0, 255]),
    });
    expect(fromMessage(MESSAGE).headers).toEqual({});
  });
});
