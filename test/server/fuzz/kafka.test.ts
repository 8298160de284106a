import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import protobuf from 'protobufjs';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import type { Detector } from '../../../src/scoring/detector.ts';
import { loadCodecs } from '../../../src/server/kafka/compression.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import type { CloudEventMode } from '../../../src/server/kafka/formats/cloud-events.ts';
import type { EventFormat } from '../../../src/server/kafka/formats/names.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { createSchemaRegistry } from '../../../src/server/kafka/formats/registry.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { InboundMessage, MessageHeaders, OutboundMessage, RecordScoring } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { part, usePartsModel } from '../../support/parts.ts';
import { startSchemaRegistry, type TestRegistry, wireFormat } from '../../support/schema-registry.ts';
import { createBatch, createMemoryProducer, routeTo, toMessage, toScorer } from '../kafka/memory-kafka.ts';
import { inputsOf, run } from './campaign.ts';
import { mutated } from './mutations.ts';

/** An event between two good ones. */
interface Event {
  readonly value: Buffer;
  readonly headers: MessageHeaders;
}

interface Entrance {
  readonly format: EventFormat;
  /** An event that is scored. */
  readonly neighbour: Event;
  readonly detector?: Detector;
  readonly cloudEvents?: CloudEventMode;
}

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startSchemaRegistry();
});
afterAll(() => registry.close());

/** Handles an event and two good neighbours; answers whether it was scored. Throws where a neighbour is not, or anything is lost. */
function createEntrance({ format, neighbour, detector = createNumberDetector(), cloudEvents = 'off' }: Entrance) {
  const sent: Record<string, OutboundMessage[]> = {};
  const scorer = toScorer(detector);
  const scoring: RecordScoring = {
    acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
    route: (records) => routeTo(scorer, records),
  };
  const producer = createMemoryProducer((topic, messages) => {
    (sent[topic] ??= []).push(...messages);
    return [];
  });
  const handle = createBatchHandler({
    ...{ scoring, results: JSON_RESULTS, deliveries: createPlainDeliveries(producer) },
    reader: createEventReader({ format, maxEventBytes: 20_000, registry: createSchemaRegistry({ url: registry.url }) }),
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents, maxBatchEvents: 10, pauseMs: 5_000 },
    ...{ metrics: createMetrics().kafka, log: pino({ level: 'silent' }) },
  });
  return async ({ value, headers }: Event): Promise<'a result' | 'a dead letter'> => {
    sent['out'] = [];
    sent['dead'] = [];
    const odd: InboundMessage = { ...toMessage(1, null), value, key: value.subarray(0, 9), headers };
    const around = (offset: number): InboundMessage => ({ ...toMessage(offset, ''), ...neighbour });
    const batch = { ...createBatch(['', '', '']), messages: [around(0), odd, around(2)] };
    await handle(batch);
    expect(batch).toMatchObject({ committed: [3n], redeliveries: [] });
    const [out, dead] = [sent['out'], sent['dead']];
    for (const topic of Object.keys(producer.sent)) producer.sent[topic]!.length = 0;
    expect([out.length, dead.length]).toEqual(out.length === 3 ? [3, 0] : [2, 1]);
    if (cloudEvents !== 'structured')
      for (const result of out)
        expect(typeof (JSON.parse(result.value!.toString('utf8')) as { pValue: unknown }).pValue).toBe('number');
    if (dead.length === 1) expect(dead[0]!.value).toEqual(value);
    return out.length === 3 ? 'a result' : 'a dead letter';
  };
}

const naked = (value: Buffer): Event => ({ value, headers: { any: value } });

/** Whether JSON can be read from it at all. */
function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

const JSON_GOOD = ['{"x": 1}', '{"x": -2.5e3, "y": null}', '{"x": 3, "nested": {"a": [1, 2, "three"]}}', '{"x": "4"}'];
const ONE = naked(Buffer.from('{"x": 1}'));

it(`gives each of ${inputsOf()} mutated events a result or a dead letter, good neighbours a result, and keeps nothing`, async () => {
  const handle = createEntrance({ format: 'json', neighbour: ONE });
  const outcomes = await run({
    ...{ entrance: 'Kafka', what: 'events of JSON', inputs: mutated(JSON_GOOD) },
    send: async (value) => {
      const outcome = await handle(naked(value));
      if (!isJson(value)) expect(outcome).toBe('a dead letter');
      return outcome;
    },
  });
  expect(outcomes['a result']).toBeGreaterThan(inputsOf() / 50);
}, 3_600_000);

const AVRO = JSON.stringify({
  ...{ type: 'record', name: 'Event' },
  fields: [
    { name: 'x', type: 'double' },
    { name: 'y', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ],
});
const PROTOBUF =
  'syntax = "proto3"; message Event { double x = 1; string y = 2; repeated string tags = 3; Event inner = 4; }';
const doubleBytes = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);

/** By the libraries' own rules, written by hand: Avro's binary encoding. */
const AVRO_GOOD = [
  Buffer.concat([doubleBytes(1), Buffer.from([0, 0])]),
  Buffer.concat([doubleBytes(-2.5), Buffer.from([2, 4, 0x61, 0x62, 4, 2, 0x63, 2, 0x64, 0])]),
];

it(`gives each of ${inputsOf()} mutated events of Avro and of Protobuf a result or a dead letter, and keeps nothing`, async () => {
  const avro = registry.add('avro', { schema: AVRO });
  const proto = registry.add('protobuf', { schema: PROTOBUF, schemaType: 'PROTOBUF' });
  const type = protobuf.parse(PROTOBUF).root.lookupType('Event');
  const protobufGood = [{ x: 1 }, { x: 2, y: 'ü', tags: ['a', 'b'], inner: { x: 3 } }].map((each) =>
    Buffer.from(type.encode(each).finish()),
  );
  for (const [format, goods] of [
    ['avro', AVRO_GOOD.map((bytes) => wireFormat(avro, bytes))],
    ['protobuf', protobufGood.map((bytes) => wireFormat(proto, Buffer.of(0), bytes))],
  ] as const) {
    const handle = createEntrance({ format, neighbour: naked(goods[0]!) });
    const outcomes = await run({
      ...{ entrance: 'Kafka', what: `events of ${format}, with a schema registry`, inputs: mutated(goods) },
      send: async (value) => {
        const outcome = await handle(naked(value));
        if (value[0] !== 0 || value.length < 5) expect(outcome).toBe('a dead letter');
        return outcome;
      },
    });
    expect(outcomes['a result']).toBeGreaterThan(inputsOf() / 50);
    expect(outcomes['a dead letter']).toBeGreaterThan(inputsOf() / 50);
  }
}, 3_600_000);

const ATTRIBUTES = { specversion: '1.0', id: 'e-1', source: '/tills/7', type: 'shop.paid' };
const ENVELOPES = [
  JSON.stringify({ ...ATTRIBUTES, data: { x: 1 } }),
  JSON.stringify({ ...ATTRIBUTES, data_base64: Buffer.from('{"x": 2}').toString('base64') }),
];
const STRUCTURED = 'application/cloudevents+json; charset=utf-8';
const BINARY = Object.fromEntries(Object.entries(ATTRIBUTES).map(([name, value]) => [`ce_${name}`, value]));

/** CloudEvents in both modes, whose values, types and attributes are changed; a header may come twice. */
const cloudEvent: fc.Arbitrary<Event> = fc.oneof(
  fc
    .tuple(
      mutated(ENVELOPES),
      fc.oneof(
        { arbitrary: fc.constant(Buffer.from(STRUCTURED)), weight: 4 },
        { arbitrary: mutated([STRUCTURED]), weight: 1 },
      ),
    )
    .map(([value, type]) => ({ value, headers: { 'content-type': type } })),
  fc
    .tuple(
      mutated(JSON_GOOD),
      fc.constantFrom(...Object.keys(BINARY), 'content-type'),
      mutated(Object.values(BINARY)),
      fc.boolean(),
    )
    .map(([value, name, text, isTwice]) => ({ value, headers: { ...BINARY, [name]: isTwice ? [text, text] : text } })),
);

it(`gives each of ${inputsOf()} mutated CloudEvents a result or a dead letter, whatever results are written as, and keeps nothing`, async () => {
  for (const mode of ['off', 'binary', 'structured'] as const) {
    const handle = createEntrance({ format: 'json', neighbour: ONE, cloudEvents: mode });
    const outcomes = await run({
      ...{
        entrance: 'Kafka',
        what: `CloudEvents, binary and structured, with results ${mode === 'off' ? 'that are none' : `in the ${mode} mode`}`,
      },
      ...{ inputs: cloudEvent, share: 1 / 3, send: handle },
    });
    expect(outcomes['a result']).toBeGreaterThan(inputsOf() / 100);
  }
}, 3_600_000);

const parts = usePartsModel();

it(`gives each of ${inputsOf(0.1)} mutated images a result or a dead letter, and keeps nothing`, async () => {
  const detector = await openDetector(join(parts().folder, 'model'), { device: 'cpu' });
  const toEvent = (image: Uint8Array): Event =>
    naked(Buffer.from(JSON.stringify({ image: Buffer.from(image).toString('base64') })));
  const handle = createEntrance({ format: 'json', neighbour: toEvent(part(7)), detector });
  const outcomes = await run({
    ...{
      entrance: 'Kafka',
      what: 'images in base64',
      inputs: mutated([Buffer.from(part(5000)), Buffer.from(part(5001))]),
      share: 0.1,
    },
    send: (image) => handle(toEvent(image)),
  });
  expect(outcomes['a result']).toBeGreaterThan(0);
  expect(outcomes['a dead letter']).toBeGreaterThan(0);
  await detector.close();
}, 3_600_000);

it(`reads each of ${inputsOf()} mutated batches of every compression, or says that it cannot`, async () => {
  const codecs = Object.entries(await loadCodecs());
  const text = Buffer.from(JSON_GOOD.join('\n').repeat(20));
  const goods = codecs.map(([, codec]) => codec.compress(text));
  await run({
    ...{ entrance: 'Kafka', what: 'compressed batches of gzip, Snappy, LZ4 and Zstandard' },
    inputs: fc
      .nat(codecs.length - 1)
      .chain((place) => mutated([goods[place]!]).map((bytes) => [place, bytes] as const)),
    send: async ([place, bytes]) => {
      const [, codec] = codecs[place]!;
      const outcome = await Promise.resolve(bytes)
        .then((some) => codec.decompress(some))
        .then(
          () => 'read',
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'DATA_UNREADABLE' });
            return 'refused';
          },
        );
      // It has kept nothing of what it was given.
      expect(codec.decompress(goods[place]!).equals(text)).toBe(true);
      return outcome;
    },
  });
}, 3_600_000);
