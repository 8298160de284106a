import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { measureGroups, type GroupRun } from './calibration/measure-groups.ts';
import { measureRun, runSchema, toCells, type CalibrationRun } from './calibration/measure-cells.ts';
import { tally, writeCalibration, type Tally } from './calibration/page.ts';
import { configHash } from './quality/measure-set.ts';
import { cached } from './support/cached.ts';
import { benchConfig } from './support/detector.ts';
import { percent } from './support/documents.ts';
import { findOpenSets, readOpenSet } from './support/open-sets.ts';
import { PROTOCOLS } from './support/protocols.ts';

const HELP = `npm run bench:calibration [-- OPTIONS]

The realised false-alarm rate at 1, 5 and 10 % on fresh normal rows, beside its 95 % beta-binomial band.

  --sets NAMES     sets or families, separated by commas; all when absent
  --seeds LIST     default 0,1,2
  --cross LIST     seeds of small sets, which are calibrated by folds and take longer; default: as --seeds
  --set KEY=VALUE  change a setting of the run or of the family, to try it; may be repeated
  --groups         false alarms by the levels of a condition on NSL-KDD's normal rows instead
  --fresh          measure again what is in .cache/bench
  --write          write docs/quality/calibration.json, docs/calibration.md and its picture
  --json           the result as JSON on standard output`;

interface Options {
  readonly sets: string;
  readonly seeds: readonly number[];
  readonly crossSeeds: readonly number[];
  readonly changed: Readonly<Record<string, unknown>>;
  readonly fresh: boolean;
}

async function measureAll({ sets, seeds, crossSeeds, changed, fresh }: Options): Promise<CalibrationRun[]> {
  // The generator is left out: it takes time and changes no score.
  const config = benchConfig({ generator: false, ...changed });
  const { folds, foldSteps, crossBelow, calibrationShare, clip } = config.run;
  const held = [folds, foldSteps, crossBelow, calibrationShare, clip ?? 'auto'].join('-');
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const runs: CalibrationRun[] = [];
  for (const set of findOpenSets(sets.split(',').filter(Boolean))) {
    const labelled = await readOpenSet(set);
    const isSmall = PROTOCOLS.split(labelled.anomalous, 0).train.length < config.run.crossBelow;
    for (const seed of isSmall ? crossSeeds : seeds) {
      const key = `calibration-${configHash(config)}-${held}/${set.name}-${seed}`;
      const measure = () => measureRun({ executor, config }, set.name, labelled, seed);
      const { value } = await cached({ key, schema: runSchema, fresh }, measure);
      console.error(describe(value));
      runs.push(value);
    }
  }
  await executor.close();
  return runs;
}

async function measureAllGroups(seeds: readonly number[]): Promise<GroupRun[]> {
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const runs: GroupRun[] = [];
  for (const seed of seeds) runs.push(...(await measureGroups(executor, seed)));
  await executor.close();
  return runs;
}

function describe(run: CalibrationRun): string {
  const cells = toCells(run).map(({ rate, outcome }) => {
    if (outcome === null) return `${percent(rate, 0)} %: refused`;
    return `${percent(rate, 0)} %: ${percent(outcome.realised)}${outcome.inside ? '' : ' OUTSIDE'}`;
  });
  return `${run.set}, seed ${run.seed}, ${run.method} with ${run.calibrationRows} rows: ${cells.join(', ')}`;
}

function show(label: string, { cells, inside, above, below, refused }: Tally): string {
  const share = cells === 0 ? '' : ` (${percent(inside / cells, 1)} %)`;
  return `${label}: ${inside} of ${cells} cells inside${share}, ${above} above, ${below} below, ${refused} refused`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ fresh: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
      ...{ sets: { type: 'string', default: '' }, seeds: { type: 'string', default: '0,1,2' } },
      groups: { type: 'boolean', default: false },
      ...{ cross: { type: 'string' }, set: { type: 'string', multiple: true, default: [] } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const seedsOf = (list: string): number[] => list.split(',').filter(Boolean).map(Number);
  const { sets, fresh } = values;
  const seeds = seedsOf(values.seeds);
  const crossSeeds = values.cross === undefined ? seeds : seedsOf(values.cross);
  const changed = Object.fromEntries(values.set.map((pair) => pair.split('=', 2) as [string, string]));
  if (values.write && values.set.length > 0) throw new Error('--write is for the defaults: leave --set out');
  if (values.groups) {
    if (values.sets !== '' || values.set.length > 0)
      throw new Error('--groups has its own data: leave --sets and --set out');
    const groups = await measureAllGroups(seeds);
    if (values.write) await writeCalibration({ groups });
    console.log(JSON.stringify(groups));
    return;
  }
  const runs = await measureAll({ sets, fresh, seeds, crossSeeds, changed });
  if (values.write) await writeCalibration({ runs });
  if (values.json) console.log(JSON.stringify(runs));
  else for (const method of ['split', 'cross'] as const) console.log(show(method, tally(cellsOf(runs, method))));
}

function cellsOf(runs: readonly CalibrationRun[], method: CalibrationRun['method']) {
  return runs.filter((run) => run.method === method).flatMap(toCells);
}

await main();
