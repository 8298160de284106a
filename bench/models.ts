import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeModel } from './models/generate.ts';
import { measureMany } from './models/many.ts';
import { checkBars, describeSection, replaceSection, type Result } from './models/page.ts';
import { measureReloads } from './models/reloads.ts';
import { DOCS, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:models [-- OPTIONS]

\`serve\` with many models and with one that changes. A trained model of the default preset with 64 fields is replaced again and again by
LoadModel, with drift and an inference thread, while callers score; and many small generated models are asked one after the other by a field of
the record, with all of them open, and with few. Exit code 1 where memory grows, a call fails, or more models are open than may be.

  --models N      1000
  --max-loaded N  100
  --reloads N     200
  --write         write the section of docs/models.md
  --json          the result as JSON on standard output`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ models: { type: 'string', default: '1000' }, 'max-loaded': { type: 'string', default: '100' } },
      ...{ reloads: { type: 'string', default: '200' }, write: { type: 'boolean', default: false } },
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const result = await measure(Number(values.models), Number(values['max-loaded']), Number(values.reloads));
  console.log(values.json ? JSON.stringify(result, null, 2) : describeSection(result));
  if (values.write) {
    const page = await readFile(resolve(DOCS, 'models.md'), 'utf8');
    await writeDocument('models.md', replaceSection(page, describeSection(result)));
  }
  if (!checkBars(result).every(({ isMet }) => isMet)) process.exitCode = 1;
}

async function measure(models: number, maxLoaded: number, reloads: number): Promise<Result> {
  const root = await mkdtemp(join(tmpdir(), 'aristarch-bench-models-'));
  try {
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
    const reloaded = await measureReloads(join(root, 'one'), reloads);
    const folder = join(root, 'many');
    const names = Array.from({ length: models }, (_, index) => `model-${index}`);
    for (const [seed, name] of names.entries()) await writeModel(folder, name, '1', seed);
    const all = await measureMany(folder, { names, maxLoaded: models, rounds: 1 });
    const few = await measureMany(folder, { names, maxLoaded, rounds: 2 });
    return { machine, reloads: reloaded, all, few };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

await main();
