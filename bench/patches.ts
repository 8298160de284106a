import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { measureMosaics, type MosaicResult } from './images/measure-mosaics.ts';
import { patchesPage } from './images/patches-page.ts';
import { writeDocument } from './support/documents.ts';

const HELP = `npm run bench:patches [-- --seeds 0,1,2] [--steps N] [--write] [--json]

Defects that are small in large images: a critic of patches and one of whole, shrunk images, each trained on mosaics of 8 x 8 photos
(../shared/data/cifar10), tell mosaics with a defect from the same ones without. AUROC beside the nearest patches at the same place,
where heat maps point, processor time, time and memory of scoring. --write renews docs/patches-bench.md.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, seeds: { type: 'string', default: '0,1,2' } },
      steps: { type: 'string', default: '2000' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.warn });
  const results: MosaicResult[] = [];
  for (const seed of values.seeds.split(',').map(Number)) {
    results.push(await measureMosaics(executor, seed, Number(values.steps)));
    if (!values.json) console.error(`seed ${seed}: ${JSON.stringify(results.at(-1))}`);
  }
  await executor.close();
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const page = patchesPage(machine, results);
  if (values.write) await writeDocument('patches-bench.md', page);
  console.log(values.json ? JSON.stringify({ machine, results }, null, 2) : page);
}

await main();
