import { describe, expect, it } from '@jest/globals';
import { CloudEvent, Kafka } from 'cloudevents';
import { JSON_RESULTS } from '../../../../src/server/kafka/formats/result-format.ts';
import { createEventReader } from '../../../../src/server/kafka/formats/reader.ts';
import { createResultWriter, resultId } from '../../../../src/server/kafka/results.ts';
import { toMessage } from '../memory-kafka.ts';

const SOURCE = { topic: 'events', partition: 3 };
const MODEL = { name: 'a model', version: 'v1' };
const SCORES = {
  ...{ scores: Float32Array.of(1), pValues: Float64Array.of(0.5), verdicts: Uint8Array.of(0) },
  ...{ threshold: 2, falsePositiveRate: 0.01 },
};
const reader = createEventReader({ format: 'json', maxEventBytes: 10_000 });
const event = new CloudEvent({ id: 'e-1', source: '/tills/7', type: 'shop.paid', data: { amount: 12.5 } });

/** A message as the CloudEvents SDK writes it. */
function written(mode: 'binary' | 'structured') {
  const { value, headers } = Kafka[mode](event) as unknown as { value: unknown; headers: Record<string, string> };
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  // The SDK sets the type of data that have none to undefined, which no client can send.
  const set: Record<string, string> = JSON.parse(JSON.stringify(headers)) as Record<string, string>;
  return { ...toMessage(0, ''), value: bytes, headers: set, timestampMs: 1_700_000_000_000 };
}

describe('a CloudEvent that the SDK writes', () => {
  it.each(['binary', 'structured'] as const)('in the %s mode is the record in it', (mode) => {
    expect(reader.read(written(mode))).toEqual({ amount: 12.5 });
  });

  it('may carry bytes', () => {
    const value = {
      specversion: '1.0',
      id: '1',
      source: '/',
      type: 't',
      data_base64: Buffer.from('{"x": 1}').toString('base64'),
    };
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect(reader.read({ ...toMessage(0, JSON.stringify(value)), headers })).toEqual({ x: 1 });
  });

  it.each([
    ['{"specversion": "1.0", "source": "/", "type": "t", "data": {}}', 'application/cloudevents+json', /has no id/],
    ['{"specversion": "1.0", "id": "1", "source": "/", "type": "t"}', 'application/cloudevents+json', /has no data/],
    ['[]', 'application/cloudevents+json', /has no specversion/],
    ['x', 'application/cloudevents+json', /not JSON/],
    ['x', 'application/cloudevents+avro', /in the format application\/cloudevents\+avro/],
  ])('%s as %s is refused', (value, type, says) => {
    const message = { ...toMessage(0, value), headers: { 'content-type': type } };
    expect(() => reader.read(message)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(says) }),
    );
  });
});

describe('a result', () => {
  it.each(['binary', 'structured'] as const)('in the %s mode is a CloudEvent to the SDK', (mode) => {
    for (const cause of ['binary', 'structured'] as const) {
      const message = written(cause);
      const { value, headers } = createResultWriter(SOURCE, MODEL, SCORES, {
        cloudEvents: mode,
        results: JSON_RESULTS,
      })(message, 0);
      const text = value!.toString();
      const asRead = { key: 'k', value: text, body: text, headers: headers as Record<string, string> };
      const read = Kafka.toEvent(asRead) as CloudEvent<unknown>;
      const id = resultId(SOURCE, message.offset, MODEL);
      expect(read.validate()).toBe(true);
      expect(read).toMatchObject({
        ...{ id, specversion: '1.0', source: '/aristarch/models/a%20model/versions/v1', type: 'aristarch.result.v1' },
        ...{
          time: '2023-11-14T22:13:20.000Z',
          causeid: 'e-1',
          causesource: '/tills/7',
          datacontenttype: 'application/json',
        },
      });
      const data: unknown = typeof read.data === 'string' ? JSON.parse(read.data) : read.data;
      expect(data).toMatchObject({ resultId: id, score: 1, pValue: 0.5 });
    }
  });

  it('that is no JSON is one as well: bytes of its media type, in base64 where an envelope is around them', () => {
    const results = { contentType: 'application/avro', writerOf: () => () => Buffer.from([0, 0, 0, 0, 7, 1, 2]) };
    const write = (cloudEvents: 'binary' | 'structured') =>
      createResultWriter(SOURCE, MODEL, SCORES, { cloudEvents, results })(written('binary'), 0);
    const binary = write('binary');
    expect(binary.value).toEqual(Buffer.from([0, 0, 0, 0, 7, 1, 2]));
    expect(binary.headers).toMatchObject({ 'content-type': 'application/avro', ce_type: 'aristarch.result.v1' });
    const { value, headers } = write('structured');
    const text = value!.toString();
    const asRead = { key: 'k', value: text, body: text, headers: headers as Record<string, string> };
    expect(Kafka.toEvent(asRead)).toMatchObject({ datacontenttype: 'application/avro', data_base64: 'AAAAAAcBAg==' });
  });

  it('that is none does not pass for the event that it was made of', () => {
    const message = written('binary');
    const { headers } = createResultWriter(
      SOURCE,
      MODEL,
      SCORES,
    )({ ...message, headers: { ...message.headers, trace: 't' } }, 0);
    expect(headers).toEqual({ trace: 't', 'aristarch-result-id': resultId(SOURCE, 0n, MODEL) });
  });
});
