import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createRandom } from '../../src/base/philox.ts';
import { configHash } from '../quality/measure-set.ts';
import { benchConfig } from '../support/detector.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'dist/cli.js');

/** Fields of the model that is served, all numbers. */
export const FEATURES = 64;
const [ROWS, FACTORS] = [5000, 8];

/** The folder of a model of the default preset, trained by the command on made-up rows; kept in .cache/bench. */
export async function trainedModel(): Promise<string> {
  const folder = join(ROOT, `.cache/bench/serve-${configHash(benchConfig())}`);
  if (await stat(join(folder, 'manifest.json')).catch(() => undefined)) return folder;
  const home = await mkdtemp(join(tmpdir(), 'aristarch-bench-serve-'));
  try {
    const data = join(home, 'rows.csv');
    await writeFile(data, toCsv(normalRows(ROWS, 1)));
    const args = ['train', '--data', data, '--out', folder, '--seed', '1', '--device', 'cpu'];
    await promisify(execFile)(process.execPath, [CLI, ...args]);
    return folder;
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Rows [count, FEATURES] that lie near a plane of a few dimensions: what the model is trained on, and what is sent. */
export function normalRows(count: number, seed: number): Float32Array {
  const random = createRandom(seed);
  const mixing = new Float32Array(FACTORS * FEATURES);
  createRandom(0).stream('mixing').fillNormal(mixing, 0);
  const factors = new Float32Array(count * FACTORS);
  random.stream('factors').fillNormal(factors, 0);
  const rows = new Float32Array(count * FEATURES);
  random.stream('noise').fillNormal(rows, 0);
  return rows.map((noise, index) => {
    const [row, feature] = [Math.floor(index / FEATURES), index % FEATURES];
    let value = 0.3 * noise;
    for (let f = 0; f < FACTORS; f++) value += factors[row * FACTORS + f]! * mixing[f * FEATURES + feature]!;
    return value;
  });
}

function toCsv(rows: Float32Array): string {
  const lines = [Array.from({ length: FEATURES }, (_, feature) => `f${feature}`).join(',')];
  for (let at = 0; at < rows.length; at += FEATURES) lines.push(rows.subarray(at, at + FEATURES).join(','));
  return lines.join('\n');
}
