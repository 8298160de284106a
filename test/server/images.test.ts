import { join } from 'node:path';
import type { Client, ServiceDefinition, ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import avro from 'avsc';
import { pino } from 'pino';
import protobuf from 'protobufjs';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import {
  INFERENCE_SERVICE,
  loadInferenceContract,
  type WireInferResponse,
} from '../../src/server/grpc/inference/contract.ts';
import { createPlainDeliveries } from '../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../src/server/kafka/formats/reader.ts';
import { createSchemaRegistry } from '../../src/server/kafka/formats/registry.ts';
import { JSON_RESULTS } from '../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createBatch, createMemoryProducer, routeTo, toMessage, toScorer } from './kafka/memory-kafka.ts';
import { createClientFixture, createRawClientFixture } from '../support/grpc-client.ts';
import { part, usePartsModel } from '../support/parts.ts';
import { startSchemaRegistry, wireFormat } from '../support/schema-registry.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const run = usePartsModel();
const serve = createServeFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();

interface InferenceClient extends Client {
  modelInfer(request: object, done: (error: ServiceError | null, response: WireInferResponse) => void): void;
}

async function start(options: { readonly imageFolder?: string } = {}) {
  const detector = await openDetector(join(run().folder, 'model'), { device: 'cpu', ...options });
  const { addresses } = await serve({ detector });
  const raw = connectRaw(
    addresses.grpc,
    loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition,
  ) as InferenceClient;
  const infer = (request: object): Promise<WireInferResponse> =>
    new Promise((resolve, reject) =>
      raw.modelInfer(request, (error, response) => (error ? reject(error) : resolve(response))),
    );
  return { detector, client: connect(addresses.grpc), infer };
}

const PROTO = 'syntax = "proto3"; message Part { bytes image = 1; }';

const images = [part(5000), part(5001, { row: 12, column: 11 })];
const request = { records: { records: images.map((image) => ({ fields: { image: { image } } })) } };

describe('a served model of images', () => {
  it('scores the bytes of images over gRPC, as the library does', async () => {
    const { detector, client } = await start();
    const { scores } = await detector.score(images.map((image) => ({ image })));
    const { results } = await client.score(request);
    expect(results.map(({ score }) => score)).toEqual([...scores]);
    expect(results.map(({ explanation }) => explanation ?? null)).toEqual([null, null]);
  });

  it('answers with a heat map and a normal image where it is asked to explain', async () => {
    const { client } = await start();
    const { results } = await client.score({ ...request, explainTopK: 1 });
    const { image } = results[1]!.explanation!;
    expect(Math.abs(image!.row - 12)).toBeLessThanOrEqual(3);
    const decode = await openImageDecoder();
    const heat = decode(image!.heatMapPng);
    expect([heat.width, heat.height]).toEqual([16, 16]);
    const [hottest] = [...heat.rgb.keys()].filter((at) => heat.rgb[at] === 255);
    expect(Math.floor(hottest! / 3)).toBe(16 * image!.row + image!.column);
    const { counterpartScore } = results[1]!.explanation!;
    const normal = { records: { records: [{ fields: { image: { image: image!.counterpartPng } } }] } };
    const [again] = (await client.score(normal)).results;
    expect(again!.score).toBeCloseTo(counterpartScore, 3);
    expect(again!.score).toBeLessThan(results[1]!.score);
  });

  it('scores files of its folder that callers name, over gRPC and the Open Inference Protocol', async () => {
    const { detector, client, infer } = await start({ imageFolder: run().data });
    const [wanted] = (await detector.score([{ image: part(7) }])).scores;
    const named = (text: string) => ({ records: { records: [{ fields: { image: { text } } }] } });
    expect((await client.score(named('file:007.png'))).results[0]!.score).toBe(wanted);
    expect((await client.refusal(named('file:../critic.onnx'))).details).toContain('record 0');
    const contents = { bytesContents: [Buffer.from('file:007.png')] };
    const inputs = [{ name: 'image', datatype: 'BYTES', shape: [1], contents }];
    const response = await infer({ modelName: '', inputs, outputs: [{ name: 'score' }] });
    expect(response.outputs[0]!.contents!.fp32Contents).toEqual([wanted]);
  });

  it('scores them from Kafka: base64 in JSON, and files that events name; what is no image is set aside', async () => {
    const detector = await openDetector(join(run().folder, 'model'), { device: 'cpu', imageFolder: run().data });
    const results: number[] = [];
    const producer = createMemoryProducer((topic, messages) => {
      const scores = messages.map(({ value }) => (JSON.parse(String(value)) as { score: number }).score);
      if (topic === 'out') results.push(...scores);
      return [];
    });
    const scorer = toScorer(detector);
    const handle = createBatchHandler({
      scoring: {
        acquireForAll: () => Promise.resolve(undefined),
        route: (records) => routeTo(scorer, records),
      },
      config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 1 },
      ...{ metrics: createMetrics().kafka, log: pino({ level: 'silent' }), results: JSON_RESULTS },
      reader: createEventReader({ format: 'json', maxEventBytes: 100_000 }),
      deliveries: createPlainDeliveries(producer),
    });
    const base64 = Buffer.from(images[1]!).toString('base64');
    const events = [base64, 'file:007.png', 'file:none.png', Buffer.from('GIF89a').toString('base64')];
    const batch = createBatch(events.map((image) => JSON.stringify({ image })));
    await handle(batch);
    expect(producer.sent).toEqual({ out: ['k0', 'k1'], dead: ['k2', 'k3'] });
    const { scores } = await detector.score([{ image: images[1]! }, { image: part(7) }]);
    expect(results).toEqual([...scores]);
    expect(batch.committed).toEqual([4n]);
    await detector.close();
  });

  it.each(['avro', 'protobuf'] as const)('reads their bytes from events in %s', async (format) => {
    const fields = [{ name: 'image', type: 'bytes' }];
    const record = avro.Type.forSchema({ type: 'record', name: 'Part', fields });
    const { root } = protobuf.parse(PROTO);
    const message = root.lookupType('Part');
    const registry = await startSchemaRegistry();
    try {
      const schemas = {
        avro: { schema: JSON.stringify({ type: 'record', name: 'Part', fields }) },
        protobuf: { schema: PROTO, schemaType: 'PROTOBUF' },
      } as const;
      const id = registry.add('parts', schemas[format]);
      const write = {
        avro: (image: Buffer) => record.toBuffer({ image }),
        // The places of the first message, in short, before it.
        protobuf: (image: Buffer) => Buffer.concat([Buffer.of(0), message.encode({ image }).finish()]),
      };
      const opened = createSchemaRegistry({ url: registry.url });
      const reader = createEventReader({ format, maxEventBytes: 100_000, registry: opened });
      const events = images.map((image) => {
        const value = wireFormat(id, write[format](Buffer.from(image)));
        return { ...toMessage(0, ''), value };
      });
      await reader.prepare(events);
      const { detector } = await start();
      const { scores } = await detector.score(images.map((image) => ({ image })));
      expect((await detector.score(events.map((event) => reader.read(event)))).scores).toEqual(scores);
    } finally {
      await registry.close();
    }
  });

  it('describes its one field as an image', async () => {
    const { client } = await start();
    expect((await client.describe()).fields).toMatchObject([{ name: 'image', kind: 'image' }]);
  });

  it('refuses what is no image with INVALID_ARGUMENT, and names the record', async () => {
    const { client } = await start();
    const refusal = await client.refusal({
      records: { records: [{ fields: { image: { image: Buffer.from('x') } } }] },
    });
    expect(refusal.details).toContain('record 0: the image cannot be read: it is none of PNG, JPEG, WebP');
  });

  it.each(['typed', 'raw'])('takes tensors of bytes by the Open Inference Protocol, %s', async (way) => {
    const { detector, infer } = await start();
    const { scores } = await detector.score(images.map((image) => ({ image })));
    const input = { name: 'image', datatype: 'BYTES', shape: [2] };
    const packed = Buffer.concat(
      images.flatMap((image) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(image.length);
        return [length, image];
      }),
    );
    const contents = { contents: { bytesContents: images } };
    const body =
      way === 'raw' ? { inputs: [input], rawInputContents: [packed] } : { inputs: [{ ...input, ...contents }] };
    const response = await infer({ modelName: '', ...body, outputs: [{ name: 'score' }] });
    const values =
      way === 'raw'
        ? [0, 4].map((at) => response.rawOutputContents[0]!.readFloatLE(at))
        : response.outputs[0]!.contents!.fp32Contents;
    expect(values).toEqual([...scores]);
  });
});
