import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Explanation, ScoreBatch } from '../../../../src/scoring/detector.ts';
import { openResults, type ResultOptions } from '../../../../src/server/kafka/formats/open-results.ts';
import { createResultWriter, resultId } from '../../../../src/server/kafka/results.ts';
import { startSchemaRegistry, type TestRegistry } from '../../../support/schema-registry.ts';
import { toMessage } from '../memory-kafka.ts';

const SOURCE = { topic: 'events', partition: 3 };
const MODEL = { name: 'mödel', version: 'v1' };
const SCORES: ScoreBatch = {
  ...{ scores: Float32Array.of(0.1, 12), pValues: Float64Array.of(0.5, 0.001), verdicts: Uint8Array.of(0, 1) },
  ...{ threshold: 2, falsePositiveRate: 0.01 },
};
const EXPLANATION: Explanation = {
  ...{ score: 12, pValue: 0.001, counterpart: { x: 1, kind: 'card', online: false, at: null }, counterpartScore: 0.5 },
  contributions: [
    { field: 'x', value: 9200, normal: 1, contribution: 11.5, sentence: 'x 9,200; normal would be about 1' },
    { field: 'kind', value: null, normal: 'card', contribution: -0.25, sentence: 'kind missing' },
    { field: 'online', value: true, normal: false, contribution: 0.25, sentence: 'online' },
  ],
};
const PLACE = { ...toMessage(4711, '{}'), timestampMs: 1_700_000_000_123 };
/** Result 0, which is normal and has no time, and result 1, which is anomalous and explained, as JSON says it. */
const SAID = [
  {
    ...{ resultId: resultId(SOURCE, 0n, MODEL), score: Math.fround(0.1), pValue: 0.5, anomalous: false, threshold: 2 },
    ...{ falsePositiveRate: 0.01, model: 'mödel', modelVersion: 'v1', source: { ...SOURCE, offset: 0 } },
  },
  {
    ...{ resultId: resultId(SOURCE, 4711n, MODEL), score: 12, pValue: 0.001, anomalous: true, threshold: 2 },
    ...{ falsePositiveRate: 0.01, model: 'mödel', modelVersion: 'v1', source: { ...SOURCE, offset: 4711 } },
  },
];

let registry: TestRegistry;
beforeEach(async () => {
  registry = await startSchemaRegistry();
});
afterEach(() => registry.close());

const optionsOf = (changed: Partial<ResultOptions>): ResultOptions => {
  const { url } = registry;
  return { resultFormat: 'avro', resultSchema: 'register', topicOut: 'scores', registry: { url }, ...changed };
};

async function write(changed: Partial<ResultOptions>) {
  const results = await openResults(optionsOf(changed));
  const writer = createResultWriter(SOURCE, MODEL, SCORES, { cloudEvents: 'off', results });
  return [writer({ ...toMessage(0, '{}'), timestampMs: undefined }, 0), writer(PLACE, 1, EXPLANATION)];
}

describe('results in a registered format are read by a client of the registry that we did not write', () => {
  it('from Avro', async () => {
    const messages = await write({ resultFormat: 'avro' });
    const other = new SchemaRegistry({ host: registry.url });
    const read = await Promise.all(messages.map(({ value }) => other.decode(value!) as Promise<object>));
    const { counterpart, counterpartScore, contributions } = EXPLANATION;
    expect(JSON.parse(JSON.stringify(read))).toEqual([
      { ...SAID[0], group: null, timestamp: null, explanation: null },
      {
        ...{ ...SAID[1], group: null, timestamp: 1_700_000_000_123 },
        explanation: { counterpart, counterpartScore, contributions },
      },
    ]);
  });

  it('from Protobuf', async () => {
    const messages = await write({ resultFormat: 'protobuf' });
    const other = new SchemaRegistry({ host: registry.url });
    const read = await Promise.all(messages.map(({ value }) => other.decode(value!) as Promise<object>));
    expect(JSON.parse(JSON.stringify(read))).toMatchObject([
      // Its JSON leaves out numbers that are zero, and has those of 64 bits as text.
      { ...SAID[0], source: SOURCE },
      {
        ...{ ...SAID[1], source: { ...SOURCE, offset: '4711' }, timestampMs: '1700000000123' },
        explanation: {
          counterpart: { x: { number: 1 }, kind: { text: 'card' }, online: { flag: false }, at: {} },
          counterpartScore: 0.5,
          contributions: [
            { field: 'x', value: { number: 9200 }, normal: { number: 1 }, contribution: 11.5 },
            { field: 'kind', value: {}, normal: { text: 'card' }, contribution: -0.25 },
            { field: 'online', value: { flag: true }, normal: { flag: false }, contribution: 0.25 },
          ],
        },
      },
    ]);
  });
});

describe('the schema of results', () => {
  it.each(['avro', 'protobuf'] as const)(
    'of %s is registered once, under the name of the topic',
    async (resultFormat) => {
      const [first] = await write({ resultFormat });
      const [again] = await write({ resultFormat });
      expect(again!.value).toEqual(first!.value);
      expect(registry.asked).toContain('POST /subjects/scores-value/versions');
      const found = await fetch(`${registry.url}/subjects/scores-value/versions/1`);
      expect(await found.json()).toMatchObject({ id: 1 });
    },
  );

  it('that must be there is looked up, and what to do is said where it is not', async () => {
    await expect(openResults(optionsOf({ resultSchema: 'lookup' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(
        /has not .* as "scores-value": register proto\/aristarch\/events\/v1\/result\.avsc/,
      ),
    });
    expect(registry.asked).toEqual(['POST /subjects/scores-value']);
    await openResults(optionsOf({}));
    await expect(openResults(optionsOf({ resultSchema: 'lookup' }))).resolves.toBeDefined();
  });

  it.each([
    ['avro', '{"type":"record","name":"aristarch.events.v1.Result","fields":[{"name":"score","type":"string"}]}'],
    [
      'protobuf',
      'syntax = "proto3"; package aristarch.events.v1; message Result { string result_id = 1; string score = 2; }',
    ],
  ] as const)(
    'of %s that does not fit the one before is not registered, and the reason is told',
    async (format, schema) => {
      registry.add('scores-value', { schema, ...(format === 'protobuf' && { schemaType: 'PROTOBUF' }) });
      await expect(openResults(optionsOf({ resultFormat: format }))).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        message: expect.stringMatching(
          /does not take .* as a next version of "scores-value" \(.*(resultId|field 2 was string)/s,
        ),
      });
      expect(registry.asked).not.toContain('POST /subjects/scores-value/versions');
    },
  );

  it('is waited for where the registry is away or ill; a password that it refuses is not', async () => {
    registry.failWith(503);
    await expect(openResults(optionsOf({}))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    registry.failWith(401);
    await expect(openResults(optionsOf({}))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    const nobody = { registry: { url: 'http://127.0.0.1:1' } };
    await expect(openResults(optionsOf(nobody))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
