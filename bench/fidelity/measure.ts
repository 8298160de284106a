import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/base/files.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { associationDistance, associations } from './associations.ts';
import { readColumns, type Column } from './columns.ts';
import { makeIndependent, makeOurs, type MadeRows } from './make-rows.ts';
import { marginalDistance } from './marginals.ts';
import { nearness } from './nearest.ts';
import { splitSet, TARGET, type FidelitySet, type SplitFiles } from './sets.ts';

export const METHODS = ['real', 'aristarch', 'plain', 'independent', 'ctgan'] as const;
export type Method = (typeof METHODS)[number];

export const figuresSchema = z.object({
  set: z.string(),
  seed: z.number(),
  method: z.enum(METHODS),
  /** Mean over the columns of each kind; null where the set has none. */
  numbers: z.number().nullable(),
  categories: z.number().nullable(),
  /** The column that is farthest off. */
  worst: z.object({ column: z.string(), distance: z.number() }),
  associations: z.number(),
  logistic: z.number(),
  boosting: z.number(),
  nearest: z.number(),
  closer: z.number(),
  copies: z.number(),
  seconds: z.number().nullable(),
  rows: z.number(),
});
/** One method on one set and seed; `real`: the held-out rows in place of made-up ones, and the training rows to learn from. */
export type Figures = z.infer<typeof figuresSchema>;

const answerSchema = z.object({
  library: z.string(),
  scores: z.record(z.string(), z.object({ logistic: z.number(), boosting: z.number() })),
});
const peerSchema = z.object({ library: z.string(), seconds: z.number() });

export interface MeasureOptions {
  readonly executor: Executor;
  readonly python: string;
  /** Run CTGAN where an earlier run's rows are not there. */
  readonly ctgan: boolean;
}

/** All methods on one split of a set. CTGAN's rows of an earlier run are taken again: it takes a hundred times as long. */
export async function measureFidelity(set: FidelitySet, seed: number, options: MeasureOptions): Promise<Figures[]> {
  const files = await splitSet(set, seed);
  const { executor, python } = options;
  const made: Partial<Record<Method, MadeRows>> = {
    aristarch: await makeOurs(executor, files, seed, true),
    plain: await makeOurs(executor, files, seed, false),
    independent: await makeIndependent(files, await readFile(files.train, 'utf8'), seed),
  };
  const peer = await makeCtgan(files, seed, options);
  if (peer) made.ctgan = peer;
  const all: Partial<Record<Method, MadeRows>> = { real: { path: files.test, seconds: null }, ...made };
  const utility = await measureUtility(python, files, all);
  const [training, heldOut] = await Promise.all(
    [files.train, files.test].map((path) => readColumns(path, files.kinds)),
  );
  const wanted = associations(training!);
  const figures: Figures[] = [];
  for (const [method, { path, seconds }] of Object.entries(all) as [Method, MadeRows][]) {
    const columns = await readColumns(path, files.kinds);
    const near = nearness(columns, heldOut!, training!);
    figures.push({
      ...{ set: set.name, seed, method, seconds, rows: training![0]!.values.length },
      ...marginalFigures(training!, columns),
      associations: associationDistance(wanted, associations(columns)),
      ...utility[method]!,
      ...{ nearest: near.median, closer: near.closer, copies: near.copies },
    });
  }
  return figures;
}

function marginalFigures(training: readonly Column[], columns: readonly Column[]) {
  const distances = training.map((column, at) => ({
    ...{ column: column.name, kind: column.kind },
    distance: marginalDistance(column, columns[at]!),
  }));
  const meanOf = (kind: Column['kind']): number | null => {
    const own = distances.filter((each) => each.kind === kind);
    return own.length === 0 ? null : own.reduce((sum, { distance }) => sum + distance, 0) / own.length;
  };
  const [worst] = distances.toSorted((a, b) => b.distance - a.distance);
  return {
    ...{ numbers: meanOf('number'), categories: meanOf('category') },
    worst: { column: worst!.column, distance: worst!.distance },
  };
}

const categoriesOf = ({ kinds }: SplitFiles): string[] =>
  Object.entries(kinds).flatMap(([name, kind]) => (kind === 'category' ? [name] : []));

async function makeCtgan(files: SplitFiles, seed: number, { python, ctgan }: MeasureOptions): Promise<MadeRows | null> {
  const [path, report] = [join(files.folder, 'ctgan.csv'), join(files.folder, 'ctgan.out.json')];
  if (!existsSync(path)) {
    if (!ctgan) return null;
    const job = { train: files.train, out: path, categories: categoriesOf(files), seed };
    await writeFileAtomic(report, JSON.stringify(await runPython(python, 'ctgan_peer.py', files, job)));
  }
  return { path, seconds: peerSchema.parse(JSON.parse(await readFile(report, 'utf8'))).seconds };
}

async function measureUtility(python: string, files: SplitFiles, all: Partial<Record<Method, MadeRows>>) {
  const made = Object.entries(all).map(([method, { path }]) => [method, method === 'real' ? files.train : path]);
  const job = {
    target: TARGET,
    categories: categoriesOf(files),
    test: files.test,
    sources: Object.fromEntries(made) as unknown,
  };
  return answerSchema.parse(await runPython(python, 'utility.py', files, job)).scores;
}

async function runPython(python: string, script: string, { folder }: SplitFiles, job: unknown): Promise<unknown> {
  const path = join(folder, `${script}.json`);
  await writeFileAtomic(path, JSON.stringify(job));
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const args = [resolve(import.meta.dirname, script), path];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${script} ended with status ${String(status)}: ${stderr}`);
  return JSON.parse(stdout);
}
