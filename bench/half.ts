import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { measureHalf, type HalfMeasurement } from './half/measure.ts';
import { describeHalf } from './half/page.ts';
import { benchConfig } from './support/detector.ts';
import { percent, writeDocument } from './support/documents.ts';
import { findOpenSets } from './support/open-sets.ts';

const HELP = `npm run bench:half [-- OPTIONS]

What half precision (float16) costs in quality of scoring: trains the default on labelled sets, and scores their test rows in single
precision and rounded to half, where each operand and result is. No GPU is needed: rounding is what a device would do, and its speed is not measured.

  --sets NAMES    default cardio,landsat,PageBlocks,shuttle,SpamBase,mnist
  --seeds LIST    default 0,1,2
  --write         write docs/half-precision.md
  --json          the result as JSON on standard output`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sets: { type: 'string', default: 'cardio,landsat,PageBlocks,shuttle,SpamBase,mnist' },
      seeds: { type: 'string', default: '0,1,2' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const measurements: HalfMeasurement[] = [];
  for (const set of findOpenSets(values.sets.split(','))) {
    for (const seed of values.seeds.split(',').map(Number)) {
      const measured = await measureHalf(set, seed, { executor, config: benchConfig() });
      measurements.push(measured);
      const losses = measured.losses.map(
        ({ scope, auroc }) => `${scope} ${auroc === null ? 'fails' : percent(auroc, 3)}`,
      );
      console.error(`${set.name}, seed ${seed}: AUROC ${percent(measured.auroc, 3)}; ${losses.join(', ')}`);
    }
  }
  await executor.close();
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  if (values.json) console.log(JSON.stringify({ machine, measurements }, null, 2));
  const page = describeHalf(machine, measurements);
  if (values.write) await writeDocument('half-precision.md', page);
  else if (!values.json) console.log(page);
}

await main();
