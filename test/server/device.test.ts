import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createKafkaLab, toResults } from '../support/kafka-lab.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';
import { startServeProcessIn } from '../support/serve-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MODELS = ['pumps', 'valves'] as const;
const ROWS = 40;
const MINUTES_10 = 600_000;
const need = needs('swiftshader', 'broker');

need.describe('the whole way on a device', () => {
  const data = useDataFolder();
  const connect = createClientFixture();
  const lab = createKafkaLab('kafkajs');
  const records = Array.from({ length: ROWS }, (_, at) => ({ a: Math.sin(at), b: Math.cos(3 * at) }));
  /** Vulkan in software, for WebGPU; a driver is chosen when a process starts. */
  const vulkan = { VK_ICD_FILENAMES: swiftShaderPath() };
  let rows: Float32Array = new Float32Array();
  let expected: Float32Array = new Float32Array();

  beforeAll(async () => {
    const table = await data.writeParquet('rows.parquet', 'SELECT sin(i) a, cos(i * 1.7) b FROM range(300) t(i)');
    const small = ['--members', 'wasserstein', '--hidden', '16,16', '--steps', '5', '--cross-below', '0'];
    const train = ['train', '--data', table, '--out', data.path('trained'), '--no-generator', '--device', 'webgpu'];
    const command = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), ...train, ...small];
    await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...vulkan } });
    for (const name of MODELS) await cp(data.path('trained'), data.path(`models/${name}/1`), { recursive: true });
    const detector = await openDetector(data.path('trained'), { device: 'cpu' });
    rows = detector.encode(records);
    expected = (await detector.score(rows)).scores;
    await detector.close();
  }, MINUTES_10);

  // WebGPU's model was trained there, too.
  for (const device of ['webgpu', 'tfjs'] as const) {
    need.it(
      `serves two models on ${device} at once over gRPC, and Kafka through the same batcher, and says so in DescribeModel and a metric`,
      async () => {
        const { topicIn, topicOut, deadLetterTopic, groupId } = await lab.createTopics();
        const kafka = ['--kafka-brokers', lab.broker.address, '--kafka-group-id', groupId];
        const topics = ['--topic-in', topicIn, '--topic-out', topicOut, '--dead-letter', deadLetterTopic];
        const models = ['--models', data.path('models'), '--default-model', 'pumps', '--device', device];
        const flags = [...models, ...kafka, ...topics, '--kafka-start-at', 'earliest'];
        const server = await startServeProcessIn(vulkan, ...flags);
        try {
          const client = connect(server.addresses.grpc);
          for (const name of MODELS) expect(await client.describe(name)).toMatchObject({ device });
          const batchedRows = async (): Promise<number> =>
            Number(/^aristarch_batch_rows_sum (\d+)$/m.exec(await scrape(server.addresses.http))?.[1]);
          // Those of the models' self-tests.
          const before = await batchedRows();
          await lab.client.produce(
            topicIn,
            records.map((record) => ({ value: JSON.stringify(record) })),
          );
          const dense = { width: rows.length / ROWS, values: [...rows] };
          const calls = Array.from({ length: 8 }, (_, at) => client.score({ model: MODELS[at % 2], dense }));
          for (const { results } of await Promise.all(calls)) {
            expect(results).toHaveLength(ROWS);
            results.forEach(({ score }, row) => expect(score).toBeCloseTo(expected[row]!, 4));
          }
          for (const { score, source } of toResults(
            await lab.client.readUntil(topicOut, ({ length }) => length >= ROWS),
          ))
            expect(score).toBeCloseTo(expected[source.offset]!, 4);
          expect(await lab.client.readAll(deadLetterTopic)).toEqual([]);

          const metrics = await scrape(server.addresses.http);
          expect(metrics).toMatch(
            new RegExp(`^aristarch_device_info\\{device="${device}",kind="processor",.+\\} 1$`, 'm'),
          );
          // Every row of both transports went through the batcher.
          expect((await batchedRows()) - before).toBe(9 * ROWS);
        } finally {
          await server.kill();
        }
      },
      MINUTES_10,
    );
  }
});
