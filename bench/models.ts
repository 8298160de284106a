import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { openDetector } from '../src/scoring/open-detector.ts';
import { openSampler } from '../src/scoring/open-sampler.ts';
import { SYSTEM_CLOCK } from '../src/server/clock.ts';
import { createMetrics } from '../src/server/metrics.ts';
import { openModel } from '../src/server/models/open-model.ts';
import { ModelRepository } from '../src/server/models/repository.ts';
import { FEATURES, writeModel } from './models/generate.ts';

const HELP = `npm run bench:models [-- OPTIONS]

Many small generated models (16-64-64-1) in one process: the time and the memory of opening them all, of a look at their folder,
and of scoring a row by one after the other; then one model that is replaced again and again while it is scored, and what the
process holds. Memory is the resident set, after garbage collection (node --expose-gc).

  --models N    1000
  --reloads N   200
  --json        the result as JSON on standard output`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ models: { type: 'string', default: '1000' }, reloads: { type: 'string', default: '200' } },
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const root = await mkdtemp(join(tmpdir(), 'aristarch-bench-models-'));
  try {
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
    // Reloads first: what a thousand models have left behind would hide their growth.
    const reloads = await measureReloads(join(root, 'one'), Number(values.reloads));
    const many = await measureMany(join(root, 'many'), Number(values.models));
    const result = { machine, reloads, many };
    console.log(values.json ? JSON.stringify(result, null, 2) : describe(result));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Reloads {
  readonly reloads: number;
  /** After each tenth of the reloads, in MiB. */
  readonly mebibytes: readonly number[];
  readonly secondsEach: number;
}

/** Each reload writes a new version in the place of the old, loads it, and scores a row by it. */
async function measureReloads(folder: string, reloads: number): Promise<Reloads> {
  await writeModel(folder, 'model', '1', 0);
  const repository = await open(folder, 1);
  const mebibytes: number[] = [];
  let seconds = 0;
  for (let reload = 1; reload <= reloads; reload++) {
    await rm(join(folder, 'model', '1'), { recursive: true });
    await writeModel(folder, 'model', '1', reload);
    const startedMs = performance.now();
    await repository.load({ model: 'model' });
    await score(repository, 'model');
    seconds += (performance.now() - startedMs) / 1000;
    if (reload % Math.ceil(reloads / 10) === 0) mebibytes.push(residentMebibytes());
  }
  await repository.close();
  return { reloads, mebibytes, secondsEach: seconds / reloads };
}

interface Many {
  readonly models: number;
  readonly openSeconds: number;
  readonly mebibytesBefore: number;
  readonly mebibytesAfter: number;
  readonly lookSeconds: number;
  /** A row, by one model after the other. */
  readonly microsecondsEach: number;
}

async function measureMany(folder: string, models: number): Promise<Many> {
  const names = Array.from({ length: models }, (_, index) => `model-${index}`);
  for (const [seed, name] of names.entries()) await writeModel(folder, name, '1', seed);
  const mebibytesBefore = residentMebibytes();
  const startedMs = performance.now();
  const repository = await open(folder, models);
  for (const name of names) await score(repository, name);
  const openSeconds = (performance.now() - startedMs) / 1000;
  const mebibytesAfter = residentMebibytes();
  const lookedMs = performance.now();
  await repository.refresh();
  const lookSeconds = (performance.now() - lookedMs) / 1000;
  const scoredMs = performance.now();
  for (const name of names) await score(repository, name);
  const microsecondsEach = (1000 * (performance.now() - scoredMs)) / models;
  await repository.close();
  return { models, openSeconds, mebibytesBefore, mebibytesAfter, lookSeconds, microsecondsEach };
}

function open(folder: string, maxLoaded: number): Promise<ModelRepository> {
  const parts = {
    ...{ explains: false, watchDrift: () => undefined, openSampler },
    openDetector: (path: string) => openDetector(path, { device: 'cpu' }),
  };
  return ModelRepository.open({
    ...{ folder, maxLoaded, clock: SYSTEM_CLOCK, metrics: createMetrics().models, log: pino({ level: 'silent' }) },
    open: (path, name) => openModel(parts, path, name),
  });
}

async function score(repository: ModelRepository, model: string): Promise<void> {
  const lease = await repository.acquire({ model });
  await lease.model.detector.score(new Float32Array(FEATURES));
  lease.release();
}

function residentMebibytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

function describe({ machine, reloads, many }: { machine: string; reloads: Reloads; many: Many }): string {
  const round = (value: number, digits = 0): string => value.toFixed(digits);
  const each = (many.mebibytesAfter - many.mebibytesBefore) / many.models;
  return [
    machine,
    `${reloads.reloads} reloads, ${round(1000 * reloads.secondsEach, 1)} ms each; MiB after each tenth: ${reloads.mebibytes.map((value) => round(value)).join(', ')}`,
    `${many.models} models opened in ${round(many.openSeconds, 1)} s; ${round(many.mebibytesBefore)} MiB before, ${round(many.mebibytesAfter)} MiB after: ${round(each, 2)} MiB each`,
    `a look at the folder: ${round(1000 * many.lookSeconds)} ms; a row by one model after the other: ${round(many.microsecondsEach)} microseconds`,
  ].join('\n');
}

await main();
