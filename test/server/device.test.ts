import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect } from '@jest/globals';
import type { Explanation, ScoreBatch } from '../../src/scoring/detector.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture, type ScoringClient } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createKafkaLab, toResults } from '../support/kafka-lab.ts';
import type { Topics } from '../support/kafka-scoring.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';
import { startServeProcessIn, type ServeProcess } from '../support/serve-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MODELS = ['pumps', 'valves'] as const;
const MINUTES_10 = 600_000;
/** Share of normal rows that may be flagged: large, so that a model of some steps flags some of the events and not all. */
const RATE = 0.3;

/** What computes, as each device must say it: Vulkan in software, and TensorFlow or npm's wasm on the processor. */
const PROCESSOR = cpus()[0]?.model.trim() ?? '';
const TENSORFLOW = /^@tensorflow\/tfjs-node-gpu 4\.\d+\.\d+, TensorFlow 2\.\d+\.\d+ on processors, 1 thread$/;
const COMPUTES = {
  webgpu: { hardware: 'Vulkan by vk_swiftshader_icd.json', engine: /^onnxruntime 1\.\S+ webgpu, 1 thread, on Vulkan/ },
  tfjs: { hardware: PROCESSOR, engine: needs('tensorflow').available ? TENSORFLOW : /^@tensorflow\/.*, backend wasm$/ },
} as const;
type StoryDevice = keyof typeof COMPUTES;
const DEVICES = Object.keys(COMPUTES) as StoryDevice[];

/** Two columns that follow each other, and a level. */
const NORMAL = `SELECT sin(i) a, sin(i) + 0.05 * cos(7 * i) b, ['idle', 'mill'][1 + i % 2] AS mode FROM range(400) t(i)`;
const records = Array.from({ length: 40 }, (_, at) => ({
  ...{ a: Math.sin(at + 0.5), b: Math.sin(at + 0.5) + 0.05 * Math.cos(7 * at), mode: at % 2 === 0 ? 'idle' : 'mill' },
}));

const need = needs('swiftshader', 'broker');

need.describe('from a file of normal rows to scores over gRPC and Kafka, on a device', () => {
  const data = useDataFolder();
  const connect = createClientFixture();
  const lab = createKafkaLab('kafkajs');
  /** Vulkan in software, for WebGPU; a driver is chosen when a process starts. */
  const vulkan = { VK_ICD_FILENAMES: swiftShaderPath() };
  let table = '';
  beforeAll(async () => {
    table = await data.writeParquet('rows.parquet', NORMAL);
  });

  /** Trains there, by the command; what the CPU says of the same model is the standard. */
  async function train(device: StoryDevice) {
    const out = data.path(`trained-${device}`);
    const small = [
      '--members',
      'wasserstein',
      '--hidden',
      '16,16',
      '--steps',
      '40',
      '--batch',
      '64',
      '--cross-below',
      '0',
    ];
    const flags = [
      'train',
      '--data',
      table,
      '--out',
      out,
      '--no-generator',
      '--rate',
      String(RATE),
      '--device',
      device,
    ];
    const command = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), ...flags, ...small, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...vulkan } });
    expect((JSON.parse(stdout.slice(stdout.indexOf('{\n'))) as { device: string }).device).toMatch(
      COMPUTES[device].engine,
    );
    for (const name of MODELS) await cp(out, data.path(`${device}/${name}/1`), { recursive: true });
    const detector = await openDetector(out, { device: 'cpu' });
    const rows = detector.encode(records);
    const batch = await detector.score(rows, { falsePositiveRate: RATE });
    const [explained] = await detector.explain(records.slice(0, 1), { topK: 2 });
    await detector.close();
    return { rows, batch, explained: explained! };
  }

  for (const device of DEVICES) {
    need.it(
      `${device}: trains, serves two models at once through one batcher, tells verdicts, reasons and a dead letter, and names what computes`,
      async () => {
        const { rows, batch, explained } = await train(device);
        expect(new Set(batch.verdicts).size).toBe(2);
        const topics = await lab.createTopics();
        const kafka = ['--kafka-brokers', lab.broker.address, '--kafka-group-id', topics.groupId];
        const names = [
          '--topic-in',
          topics.topicIn,
          '--topic-out',
          topics.topicOut,
          '--dead-letter',
          topics.deadLetterTopic,
        ];
        const models = ['--models', data.path(device), '--default-model', 'pumps', '--device', device];
        const server = await startServeProcessIn(
          vulkan,
          ...models,
          ...kafka,
          ...names,
          '--kafka-start-at',
          'earliest',
          '--false-positive-rate',
          String(RATE),
        );
        try {
          const client = connect(server.addresses.grpc);
          await checkNamed(device, server, client);
          // Rows of the models' self-tests.
          const before = await batchedRows(server);
          const events = records.map((record) => ({ value: JSON.stringify(record) }));
          await lab.client.produce(topics.topicIn, [...events, { key: 'broken', value: 'not JSON' }]);
          await checkCalls(client, rows, batch);
          await checkEvents(topics, batch);
          // Every row of both transports went through the batcher.
          expect((await batchedRows(server)) - before).toBe(9 * records.length);
          await checkExplained(client, batch, explained);
        } finally {
          await server.kill();
        }
      },
      MINUTES_10,
    );
  }

  /** The ready line, DescribeModel and the metric. */
  async function checkNamed(device: StoryDevice, server: ServeProcess, client: ScoringClient): Promise<void> {
    const { hardware, engine } = COMPUTES[device];
    const named = { device, hardware, hardwareKind: 'processor', engine: expect.stringMatching(engine) as unknown };
    expect(server.model).toMatchObject({ name: 'pumps', ...named });
    for (const model of MODELS) expect(await client.describe(model)).toMatchObject({ model, ...named });
    const series = /^aristarch_device_info\{(.*)\} 1$/m.exec(await scrape(server.addresses.http))?.[1] ?? '';
    expect(series).toContain(`device="${device}",kind="processor",hardware="${hardware}",engine="`);
    expect(/engine="(.*)"$/.exec(series)?.[1]).toMatch(engine);
  }

  /** Many callers at once, of both models. */
  async function checkCalls(
    client: ScoringClient,
    rows: Float32Array,
    { scores, pValues, verdicts }: ScoreBatch,
  ): Promise<void> {
    const dense = { width: rows.length / records.length, values: [...rows] };
    const calls = Array.from({ length: 8 }, (_, at) => client.score({ model: MODELS[at % 2], dense }));
    for (const { results } of await Promise.all(calls)) {
      expect(results).toHaveLength(records.length);
      results.forEach((result, row) => {
        expect(apartBy(result.score, scores[row]!)).toBeLessThan(1e-4);
        expect(Math.abs(result.pValue - pValues[row]!)).toBeLessThan(0.02);
        expect(result.anomalous).toBe(Boolean(verdicts[row]));
      });
    }
  }

  async function checkEvents(topics: Topics, { scores, pValues, verdicts }: ScoreBatch): Promise<void> {
    const messages = await lab.client.readUntil(topics.topicOut, ({ length }) => length >= records.length);
    const results = toResults(messages);
    expect(results).toHaveLength(records.length);
    for (const { score, pValue, anomalous: flagged, source } of results) {
      expect(apartBy(score, scores[source.offset]!)).toBeLessThan(1e-4);
      expect(Math.abs(pValue - pValues[source.offset]!)).toBeLessThan(0.02);
      expect(flagged).toBe(Boolean(verdicts[source.offset]));
    }
    const dead = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length >= 1);
    expect(dead.map(({ key, value }) => [String(key), String(value)])).toEqual([['broken', 'not JSON']]);
  }

  async function checkExplained(
    client: ScoringClient,
    { scores, verdicts }: ScoreBatch,
    { contributions }: Explanation,
  ): Promise<void> {
    const [first] = records as [(typeof records)[number]];
    const fields = { a: { number: first.a }, b: { number: first.b }, mode: { text: first.mode } };
    const { results } = await client.score({ records: { records: [{ fields }] }, explainTopK: 2 });
    const [{ score, anomalous, explanation }] = results as [(typeof results)[number]];
    expect(apartBy(score, scores[0]!)).toBeLessThan(1e-4);
    expect(anomalous).toBe(Boolean(verdicts[0]));
    expect(explanation!.contributions.map(({ field }) => field)).toEqual(contributions.map(({ field }) => field));
    explanation!.contributions.forEach(({ contribution }, at) =>
      expect(apartBy(contribution, contributions[at]!.contribution)).toBeLessThan(1e-3),
    );
  }
});

const apartBy = (value: number, expected: number): number => Math.abs(value - expected) / (1 + Math.abs(expected));

async function batchedRows({ addresses }: ServeProcess): Promise<number> {
  return Number(/^aristarch_batch_rows_sum (\d+)$/m.exec(await scrape(addresses.http))?.[1]);
}
