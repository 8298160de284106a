import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Executor } from '../src/runtime/executor.ts';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { findDetector, measureDetectors } from './families/detection.ts';
import { playDirac, type DiracState } from './families/dirac.ts';
import { DIRAC_GAMES, type DiracName } from './families/dirac-games.ts';
import { measureToy, type ToyResult } from './families/measure-toy.ts';
import { writeFamiliesPage } from './families/page.ts';
import { drawDirac, drawToys, type DiracPaths } from './families/pictures.ts';
import { DIRAC_TIMES, DIRAC_WINDOW, RESULT_PATH, resultSchema, type FamiliesResult } from './families/result.ts';
import { TOY_NAMES } from './families/toy-sets.ts';
import {
  FAMILY_VARIANTS,
  MINIBATCH_BASE,
  MINIBATCH_LAYERS,
  MINIBATCH_SEEDS,
  withMinibatch,
  type MinibatchLayer,
  type Variant,
} from './families/variants.ts';
import { readResult, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:families [-- OPTIONS]

Each family of GANs: whether it converges on the Dirac-GAN, how much of three toy sets its generator covers, and how its critic
detects on six labelled sets, with and without off-support negatives. A run that was cut goes on where it was.

  --fresh            measure again what is in .cache/bench: after a change of the code
  --write            write docs/quality/families.json, docs/families.md and its pictures
  --page             measure nothing: write docs/families.md again from docs/quality/families.json
  --detector TITLE   measure this row of the table of detectors alone, and put it into docs/quality/families.json and docs/families.md
  --json             the result as JSON on standard output`;

/** Seeds of each variant on each toy set. */
const SEEDS = 3;

interface Measured {
  readonly paths: DiracPaths;
  readonly coverage: readonly ToyResult[];
  readonly minibatch: readonly Comparison[];
  readonly detection: FamiliesResult['detection'];
}

/** One variant without a minibatch layer and with it, over the same seeds. */
interface Comparison {
  readonly layer: MinibatchLayer;
  readonly without: ToyResult;
  readonly with: ToyResult;
}

async function measureAll(executor: Executor, fresh: boolean): Promise<Measured> {
  const paths: Partial<Record<DiracName, DiracState[]>> = {};
  for (const name of Object.keys(DIRAC_GAMES) as DiracName[]) {
    paths[name] = await playDirac(executor, DIRAC_GAMES[name], Math.max(...DIRAC_TIMES));
  }
  const coverage: ToyResult[] = [];
  for (const set of TOY_NAMES)
    for (const variant of FAMILY_VARIANTS)
      coverage.push(await measureToy(executor, { variant, set, seeds: SEEDS }, fresh));
  const minibatch = await measureMinibatch(executor, fresh);
  return { paths: paths as DiracPaths, coverage, minibatch, detection: await measureDetectors(executor, fresh) };
}

async function measureMinibatch(executor: Executor, fresh: boolean): Promise<Comparison[]> {
  const measure = (variant: Variant): Promise<ToyResult> =>
    measureToy(executor, { variant, set: 'grid', seeds: MINIBATCH_SEEDS }, fresh);
  const without = await measure(MINIBATCH_BASE);
  const comparisons: Comparison[] = [];
  for (const layer of MINIBATCH_LAYERS) {
    comparisons.push({ layer, without, with: await measure(withMinibatch(MINIBATCH_BASE, layer)) });
  }
  return comparisons;
}

function toResult({ paths, ...measured }: Measured): FamiliesResult {
  const distances = (path: readonly DiracState[]): number[] =>
    DIRAC_TIMES.map((time) => {
      const window = path.slice(time - DIRAC_WINDOW, time + 1);
      return window.reduce((most, { theta, psi }) => Math.max(most, Math.hypot(theta, psi)), 0);
    });
  return resultSchema.parse({
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`,
    dirac: Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, distances(path)])),
    ...measured,
  });
}

async function writeAll(measured: Measured, result: FamiliesResult): Promise<void> {
  await drawDirac(measured.paths);
  for (const name of TOY_NAMES) {
    await drawToys(
      `coverage-${name}`,
      name,
      measured.coverage.filter(({ set }) => set === name),
    );
  }
  const compared = new Set(measured.minibatch.flatMap((each) => [each.without, each.with]));
  await drawToys('minibatch', 'grid', [...compared]);
  await writeDocument(RESULT_PATH, JSON.stringify(result));
  await writeFamiliesPage(result);
}

/** Measures one row of the table of detectors, and leaves the others as they were measured. */
async function replaceDetector(title: string, fresh: boolean): Promise<void> {
  const kept = resultSchema.parse(await readResult(RESULT_PATH));
  const variant = findDetector(title);
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const [measured] = await measureDetectors(executor, fresh, [variant]);
  await executor.close();
  const detection = kept.detection.map((each) => (each.title === title ? measured! : each));
  await writeDocument(RESULT_PATH, JSON.stringify({ ...kept, detection }));
  await writeFamiliesPage({ ...kept, detection });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ fresh: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ page: { type: 'boolean', default: false }, detector: { type: 'string' } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.page) {
    await writeFamiliesPage(resultSchema.parse(await readResult(RESULT_PATH)));
    return;
  }
  if (values.detector !== undefined) {
    await replaceDetector(values.detector, values.fresh);
    return;
  }
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const measured = await measureAll(executor, values.fresh);
  await executor.close();
  const result = toResult(measured);
  if (values.write) await writeAll(measured, result);
  if (values.json) console.log(JSON.stringify(result));
}

await main();
