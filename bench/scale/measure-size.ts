import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { benchConfig, detect } from '../support/detector.ts';
import { numberSchema } from '../support/open-sets.ts';
import { createGenerator } from './generate.ts';

export const sizeSchema = z.object({
  rows: z.number(),
  columns: z.number(),
  auroc: z.number(),
  averagePrecision: z.number(),
  /** Processor time: fit of the members; scoring, microseconds a row. */
  trainSeconds: z.number(),
  scoreMicroseconds: z.number(),
  /** The process's largest resident set, MiB, and that before the data were made. */
  peakMebibytes: z.number(),
  startMebibytes: z.number(),
});
export type SizeMeasurement = z.infer<typeof sizeSchema>;

const TEST_ROWS = 2000;
const ANOMALIES = 500;
const SEED = 0;

const residentMebibytes = (): number => process.memoryUsage.rss() / 2 ** 20;

/** Trains and scores in this process. */
export async function measureSize(rows: number, columns: number): Promise<SizeMeasurement> {
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const startMebibytes = residentMebibytes();
  const generator = createGenerator(columns, SEED);
  const [fresh, odd] = [generator.normal(TEST_ROWS, 'fresh'), generator.anomalous(ANOMALIES, 'odd')];
  const test = { data: Float32Array.from([...fresh.data, ...odd.data]), shape: [TEST_ROWS + ANOMALIES, columns] };
  const anomalous = Uint8Array.from({ length: TEST_ROWS + ANOMALIES }, (_, row) => (row < TEST_ROWS ? 0 : 1));
  const schema = numberSchema(Array.from({ length: columns }, (_, column) => `f${column}`));
  const prepared = { schema, train: generator.normal(rows, 'train'), test, anomalous };
  const { scores, trainSeconds, scoreSeconds } = await detect(executor, benchConfig(), prepared, SEED);
  const { auroc, averagePrecision } = rankingMetrics(scores, anomalous);
  await executor.close();
  return {
    ...{ rows, columns, auroc, averagePrecision, trainSeconds, startMebibytes },
    scoreMicroseconds: (1e6 * scoreSeconds) / scores.length,
    // Linux, macOS and libuv agree on kibibytes.
    peakMebibytes: peakBytes() / 2 ** 20,
  };
}

/** The same in a process of its own, so that its peak memory is its own. */
export function measureSizeApart(rows: number, columns: number): SizeMeasurement {
  const script = fileURLToPath(new URL('../scale.ts', import.meta.url));
  const args = ['--import', 'tsx', script, '--one', `${rows}x${columns}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${rows} rows, ${columns} columns: ${stderr}`);
  return sizeSchema.parse(JSON.parse(stdout));
}
