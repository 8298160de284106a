import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import {
  parseEvent,
  resultId,
  toDeadLetter,
  toResult,
  withoutKeyAndHeaders,
  withoutValue,
} from '../../../src/server/kafka/convert.ts';
import { toMessage } from './memory-kafka.ts';

const SOURCE = { topic: 'events', partition: 3 };
const MODEL = { name: 'm', version: 'v1' };

describe('a result id', () => {
  it('is the same UUID whenever and wherever it is made', () => {
    // Made with Python: uuid.uuid5(uuid.UUID('6f0e2c3b-9d5c-4c0f-8a5b-1d6a7e4f9230'), '["events",3,"7","m","v1"]')
    expect(resultId(SOURCE, 7n, MODEL)).toBe('877ce372-f0d5-5f8a-9038-53b29c4c7190');
  });

  it('differs by topic, partition, offset, model and version', () => {
    const ids = [
      resultId(SOURCE, 7n, MODEL),
      resultId({ ...SOURCE, topic: 'others' }, 7n, MODEL),
      resultId({ ...SOURCE, partition: 4 }, 7n, MODEL),
      resultId(SOURCE, 8n, MODEL),
      resultId(SOURCE, 7n, { ...MODEL, name: 'n' }),
      resultId(SOURCE, 7n, { ...MODEL, version: 'v2' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a result', () => {
  const batch = {
    scores: Float32Array.of(1),
    pValues: Float64Array.of(0.5),
    verdicts: Uint8Array.of(0),
    threshold: 2,
    falsePositiveRate: 0.01,
  };

  it.each([
    [1_700_000_000_000, '2023-11-14T22:13:20.000Z'],
    [undefined, null],
    [2 ** 63, null],
  ])('of an event with timestamp %s says %s', (timestampMs, said) => {
    const { value } = toResult(SOURCE, { ...toMessage(0, '{}'), timestampMs }, MODEL, batch, 0);
    expect(JSON.parse(String(value))).toHaveProperty('timestamp', said);
  });
});

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

describe('a dead letter that is too large', () => {
  const reason = new AristarchError('RESOURCE_EXHAUSTED', 'too large');
  const whole = toDeadLetter(SOURCE, { ...toMessage(5, 'the value'), headers: { theirs: 'x' } }, reason);

  it('loses its value first, and tells its hash and length', () => {
    const letter = withoutValue(whole);
    expect(letter).toMatchObject({ key: whole.key, value: null });
    expect(letter.headers).toEqual({
      ...whole.headers,
      'aristarch-dropped': 'value',
      'aristarch-value-sha256': createHash('sha256').update('the value').digest('hex'),
      'aristarch-value-bytes': '9',
    });
  });

  it('loses its key and the headers that are not ours at last', () => {
    const letter = withoutKeyAndHeaders(withoutValue(whole));
    expect(letter).toMatchObject({ key: null, value: null });
    expect(letter.headers).not.toHaveProperty('theirs');
    expect(letter.headers).toMatchObject({
      'aristarch-dropped': 'value, key, headers',
      'aristarch-error-code': 'RESOURCE_EXHAUSTED',
      'aristarch-source-topic': 'events',
      'aristarch-source-partition': '3',
      'aristarch-source-offset': '5',
      'aristarch-value-bytes': '9',
    });
    expect(Object.values(letter.headers)).not.toContain(undefined);
  });
});
