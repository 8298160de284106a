import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { aurocOf, measureClass, type ImageResult } from './images/measure.ts';
import { imagesPage } from './images/page.ts';
import { drawNegatives } from './images/picture.ts';
import { createSets, DIGITS, PHOTOS } from './images/sets.ts';
import { writeDocument } from './support/documents.ts';

const HELP = `npm run bench:images [-- --classes 8,frog] [--seeds 0,1,2] [--steps N] [--fresh] [--write] [--json]

Trains the detecting critic of images on each digit and on three classes of photos (../shared/data/mnist, ../shared/data/cifar10),
and measures AUROC beside 5-NN, processor time, and where heat maps point (digits, the first seed). What was measured before is
taken from .cache/bench, so that a run that was cut goes on; --fresh measures again. --write renews docs/images-bench.md, and the picture of negatives beside it. The exit
code is 1 where a bar is missed.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ fresh: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
      classes: { type: 'string', default: [...DIGITS, ...PHOTOS].join(',') },
      ...{ seeds: { type: 'string', default: '0,1,2' }, steps: { type: 'string' } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.warn });
  const sets = createSets();
  const results: ImageResult[] = [];
  const steps = values.steps === undefined ? undefined : Number(values.steps);
  for (const seed of values.seeds.split(',').map(Number)) {
    for (const name of values.classes.split(',')) {
      const isDigit = DIGITS.includes(name);
      const split = () => (isDigit ? sets.digit(name, seed) : sets.photo(name));
      const isLocalised = isDigit && seed === 0;
      const options = { executor, name, seed, steps, fresh: values.fresh, isLocalised, split };
      const result = await measureClass(options);
      results.push(result);
      const { nearestAuroc, trainSeconds } = result;
      const figures = `AUROC ${aurocOf(result).toFixed(4)}, 5-NN ${nearestAuroc.toFixed(4)}, ${trainSeconds.toFixed(0)} s of CPU`;
      if (!values.json) console.log(`${name} seed ${seed}: ${figures}`);
    }
  }
  await executor.close();
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const page = imagesPage(machine, results, steps);
  if (values.write) {
    await writeDocument('images-bench.md', page.text);
    await drawNegatives(await sets.photo('automobile'));
  }
  console.log(values.json ? JSON.stringify({ machine, results }, null, 2) : page.text);
  if (page.missed > 0) process.exitCode = 1;
}

await main();
