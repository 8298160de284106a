import { describe, expect, it } from '@jest/globals';
import { createEventReader } from '../../../../src/server/kafka/formats/reader.ts';
import { toMessage } from '../memory-kafka.ts';

const parseEvent = (message: ReturnType<typeof toMessage>, maxEventBytes: number) =>
  createEventReader({ format: 'json', maxEventBytes }).read(message);

describe('an event', () => {
  it.each([
    ['{"a": 1, "b": null}', { a: 1, b: null }],
    ['{"ü": "日本"}', { ü: '日本' }],
  ])('%s is a record', (text, record) => {
    expect(parseEvent(toMessage(0, text), 100)).toEqual(record);
  });

  it.each([
    [null, 'INVALID_INPUT', 'the event has no value (a tombstone): send a JSON object'],
    ['', 'INVALID_INPUT', 'the event is not JSON: Unexpected end of JSON input'],
    ['3', 'INVALID_INPUT', 'the event is a number, not a JSON object: send one object a message'],
    ['null', 'INVALID_INPUT', 'the event is null, not a JSON object: send one object a message'],
    ['[{}]', 'INVALID_INPUT', 'the event is an array, not a JSON object: send one object a message'],
    [
      '{"a": "1234"}',
      'RESOURCE_EXHAUSTED',
      'the event has 13 bytes, more than 12: send smaller events or raise the limit',
    ],
  ])('%s is refused', (text, code, message) => {
    expect(() => parseEvent(toMessage(0, text), 12)).toThrow(expect.objectContaining({ code, message }));
  });
});
