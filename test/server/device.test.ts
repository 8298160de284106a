import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';
import { startServeProcessIn } from '../support/serve-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const data = useDataFolder();
const connect = createClientFixture();
const MODELS = ['pumps', 'valves'] as const;

needs('swiftshader').describe('the whole way on WebGPU', () => {
  needs('swiftshader').it(
    'trains on Vulkan in software, serves two models there at once, and says so in DescribeModel and a metric',
    async () => {
      const VULKAN = { VK_ICD_FILENAMES: swiftShaderPath() };
      const rows = await data.writeParquet('rows.parquet', 'SELECT sin(i) a, cos(i * 1.7) b FROM range(300) t(i)');
      const small = ['--members', 'wasserstein', '--hidden', '16,16', '--steps', '5', '--cross-below', '0'];
      const train = ['train', '--data', rows, '--out', data.path('trained'), '--no-generator', '--device', 'webgpu'];
      const command = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), ...train, ...small];
      await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...VULKAN } });
      for (const name of MODELS) await cp(data.path('trained'), data.path(`models/${name}/1`), { recursive: true });
      const detector = await openDetector(data.path('trained'), { device: 'cpu' });
      const values = Float32Array.from({ length: 40 * detector.description.rowWidth }, (_, at) => Math.sin(at));
      const expected = (await detector.score(values)).scores;
      await detector.close();

      const flags = ['--models', data.path('models'), '--device', 'webgpu'];
      const server = await startServeProcessIn(VULKAN, ...flags);
      try {
        const client = connect(server.addresses.grpc);
        const dense = { width: values.length / 40, values: [...values] };
        const calls = Array.from({ length: 8 }, (_, at) => client.score({ model: MODELS[at % 2], dense }));
        for (const { results } of await Promise.all(calls)) {
          expect(results).toHaveLength(40);
          results.forEach(({ score }, row) => expect(score).toBeCloseTo(expected[row]!, 4));
        }
        for (const name of MODELS) expect(await client.describe(name)).toMatchObject({ device: 'webgpu' });
        expect(await scrape(server.addresses.http)).toMatch(/^aristarch_device_info\{device="webgpu"\} 1$/m);
      } finally {
        await server.kill();
      }
    },
    600_000,
  );
});
