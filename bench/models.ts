import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeModel } from './models/generate.ts';
import { measureMany } from './models/many.ts';
import { checkBars, describeSection, replaceSection, type Result } from './models/page.ts';
import { measureReloads } from './models/reloads.ts';
import { DOCS, readResult, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:models [-- OPTIONS]

\`serve\` with many models and with one that changes. A trained model of the default preset with 64 fields is replaced again and again by
LoadModel, with drift and an inference thread, while callers score; and many small generated models are asked one after the other by a field of
the record, with all of them open, and with few. Exit code 1 where memory grows, a call fails, or more models are open than may be.

  --only PARTS    of worker, auto (one that changes, scored in the inference thread; as by default) and many; all of them when absent
  --models N      1000
  --max-loaded N  100
  --reloads N     400
  --write         write docs/models.json and the section of docs/models.md; parts that were not measured stay
  --json          the result as JSON on standard output`;

const PARTS = ['worker', 'auto', 'many'] as const;

interface Sizes {
  readonly models: number;
  readonly maxLoaded: number;
  readonly reloads: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ models: { type: 'string', default: '1000' }, 'max-loaded': { type: 'string', default: '100' } },
      ...{ reloads: { type: 'string', default: '400' }, write: { type: 'boolean', default: false } },
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      only: { type: 'string', default: PARTS.join() },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const only = values.only.split(',');
  const unknown = only.filter((part) => !(PARTS as readonly string[]).includes(part));
  if (unknown.length > 0) throw new Error(`--only has ${unknown.join(', ')}; the parts are ${PARTS.join(', ')}`);
  const sizes = { models: Number(values.models), maxLoaded: Number(values['max-loaded']) };
  const measured = await measure(new Set(only), { ...sizes, reloads: Number(values.reloads) });
  const before = (await readResult('models.json')) as Measured | undefined;
  const all = { ...before, ...measured, reloads: { ...before?.reloads, ...measured.reloads } };
  if (values.write) await writeDocument('models.json', JSON.stringify(all));
  if (!isWhole(all)) {
    // The first parts of a page that is not there yet.
    console.log(JSON.stringify(measured, null, 2));
    return;
  }
  const result = all;
  console.log(values.json ? JSON.stringify(result, null, 2) : describeSection(result));
  if (values.write) {
    const page = await readFile(resolve(DOCS, 'models.md'), 'utf8');
    await writeDocument('models.md', replaceSection(page, describeSection(result)));
  }
  if (!checkBars(result).every(({ isMet }) => isMet)) process.exitCode = 1;
}

interface Measured {
  readonly machine: string;
  readonly reloads: Partial<Result['reloads']>;
  readonly many?: Result['many'];
}

function isWhole(measured: Measured): measured is Measured & Result {
  const { many, reloads } = measured;
  return many !== undefined && reloads.worker !== undefined && reloads.auto !== undefined;
}

async function measure(only: ReadonlySet<string>, { models, maxLoaded, reloads }: Sizes): Promise<Measured> {
  const root = await mkdtemp(join(tmpdir(), 'aristarch-bench-models-'));
  try {
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
    const reloaded: { worker?: Result['reloads']['worker']; auto?: Result['reloads']['auto'] } = {};
    for (const way of ['worker', 'auto'] as const)
      if (only.has(way)) reloaded[way] = await measureReloads(join(root, way), way, reloads);
    if (!only.has('many')) return { machine, reloads: reloaded };
    const folder = join(root, 'many');
    const names = Array.from({ length: models }, (_, index) => `model-${index}`);
    for (const [seed, name] of names.entries()) await writeModel(folder, name, '1', seed);
    const all = await measureMany(folder, { names, maxLoaded: models, rounds: 1 });
    const few = await measureMany(folder, { names, maxLoaded, rounds: 2 });
    return { machine, reloads: reloaded, many: { all, few } };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

await main();
