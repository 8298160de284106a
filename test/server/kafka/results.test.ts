import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createResultWriter, resultId } from '../../../src/server/kafka/results.ts';
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
    const { value } = createResultWriter(SOURCE, MODEL, batch)({ ...toMessage(0, '{}'), timestampMs }, 0);
    expect(JSON.parse(String(value))).toHaveProperty('timestamp', said);
  });

  it('has the headers of its event, but for the media type of what it is not', () => {
    const theirs = { 'Content-Type': Buffer.from('application/avro'), customer: Buffer.from('7') };
    const { headers } = createResultWriter(SOURCE, MODEL, batch)({ ...toMessage(0, '{}'), headers: theirs }, 0);
    expect(headers).toEqual({ customer: Buffer.from('7'), 'aristarch-result-id': resultId(SOURCE, 0n, MODEL) });
  });

  it('is the JSON that JSON.stringify writes, whatever is in it', () => {
    const numbers = { noNaN: false, noDefaultInfinity: false };
    const scored = fc.record({
      ...{
        score: fc.float(numbers),
        pValue: fc.double(numbers),
        anomalous: fc.boolean(),
        threshold: fc.double(numbers),
      },
      ...{ group: fc.option(fc.string(), { nil: undefined }), topic: fc.string(), model: fc.string() },
      ...{ offset: fc.maxSafeNat(), timestampMs: fc.date({ noInvalidDate: true }).map(Number), why: fc.boolean() },
    });
    fc.assert(
      fc.property(scored, ({ score, pValue, anomalous, threshold, group, topic, model, offset, timestampMs, why }) => {
        const source = { topic, partition: 2 };
        const name = { name: model, version: 'v1' };
        const scores = {
          ...{ scores: Float32Array.of(score), pValues: Float64Array.of(pValue), threshold, falsePositiveRate: 0.01 },
          verdicts: Uint8Array.of(anomalous ? 1 : 0),
          ...(group !== undefined && {
            groups: { of: Uint16Array.of(0), names: [group], thresholds: Float64Array.of(threshold / 2) },
          }),
        };
        const reason = { counterpart: { x: 1 }, counterpartScore: 0, contributions: [] };
        const message = { ...toMessage(offset, '{}'), timestampMs };
        const written = createResultWriter(source, name, scores)(
          message,
          0,
          why ? { ...reason, score, pValue } : undefined,
        );
        const id = resultId(source, BigInt(offset), name);
        expect(JSON.parse(written.value!.toString())).toEqual(
          JSON.parse(
            JSON.stringify({
              ...{
                resultId: id,
                score,
                pValue,
                anomalous,
                threshold,
                ...(group !== undefined && { threshold: threshold / 2, group }),
              },
              ...{ falsePositiveRate: 0.01, model, modelVersion: 'v1', source: { ...source, offset } },
              ...{ timestamp: new Date(timestampMs).toISOString(), ...(why && { explanation: reason }) },
            }),
          ),
        );
        expect(written.headers).toEqual({ 'aristarch-result-id': id });
      }),
    );
  });
});
