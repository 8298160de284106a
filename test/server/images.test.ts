import { join } from 'node:path';
import type { Client, ServiceDefinition, ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { openDetector } from '../../src/scoring/open-detector.ts';
import {
  INFERENCE_SERVICE,
  loadInferenceContract,
  type WireInferResponse,
} from '../../src/server/grpc/inference/contract.ts';
import { createPlainDeliveries } from '../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './kafka/memory-kafka.ts';
import { createClientFixture, createRawClientFixture } from '../support/grpc-client.ts';
import { part, usePartsModel } from '../support/parts.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const run = usePartsModel();
const serve = createServeFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();

interface InferenceClient extends Client {
  modelInfer(request: object, done: (error: ServiceError | null, response: WireInferResponse) => void): void;
}

async function start() {
  const detector = await openDetector(join(run().folder, 'model'), { device: 'cpu' });
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
    expect(Buffer.from(image!.heatMapPng).toString('latin1', 1, 4)).toBe('PNG');
    expect(Buffer.from(image!.counterpartPng).toString('latin1', 1, 4)).toBe('PNG');
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
