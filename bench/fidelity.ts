import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { cached } from './support/cached.ts';
import { percent } from './support/documents.ts';
import { figuresSchema, measureFidelity, type Figures } from './fidelity/measure.ts';
import { writeFidelityPage, writeFidelityResult } from './fidelity/page.ts';
import { findFidelitySets } from './fidelity/sets.ts';

const HELP = `npm run bench:fidelity [-- OPTIONS]

How near made-up rows come to real ones: each column's spread, how columns go together, what models learn from them, and
how near they are to training rows; beside held-out rows, independent columns and, where Python has it, CTGAN.
Needs Python with scikit-learn and pandas (ARISTARCH_PYTHON, else python3), and ../shared/data. A run that was cut goes on where it was.

  --sets NAMES     sets, separated by commas; those of the page when absent
  --seeds LIST     default 0,1,2
  --ctgan          run CTGAN with its defaults (pip install ctgan), minutes for each set and seed; rows that it made before are used
                   without this flag, too
  --fresh          measure again what is in .cache/bench: after a change of the code
  --write          write docs/fidelity.md, its figures and its pictures
  --page           measure nothing: write docs/fidelity.md and its picture again from docs/quality/fidelity.json
  --json           the figures as JSON on standard output`;

function show({ set, seed, method, numbers, categories, associations, logistic, boosting, closer }: Figures): string {
  const shown = (value: number | null): string => (value === null ? '-' : value.toFixed(3)).padStart(6);
  return [
    `${set} ${seed}`.padEnd(20) + method.padEnd(12),
    `numbers ${shown(numbers)}, categories ${shown(categories)}, associations ${shown(associations)}`,
    `AUROC logistic ${shown(logistic)}, boosting ${shown(boosting)}; closer ${percent(closer, 1)} %`,
  ].join('  ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ sets: { type: 'string', default: '' }, seeds: { type: 'string', default: '0,1,2' } },
      ...{ ctgan: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      ...{ page: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.page) {
    await writeFidelityPage();
    return;
  }
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const options = { executor, python: process.env['ARISTARCH_PYTHON'] ?? 'python3', ctgan: values.ctgan };
  const all: Figures[] = [];
  for (const seed of values.seeds.split(',').map(Number)) {
    for (const set of findFidelitySets(values.sets.split(',').filter(Boolean))) {
      const key = `fidelity/${set.name}-${seed}`;
      const { value } = await cached({ key, schema: z.array(figuresSchema), fresh: values.fresh }, () =>
        measureFidelity(set, seed, options),
      );
      for (const figures of value) console.error(show(figures));
      all.push(...value);
    }
  }
  await executor.close();
  if (values.write) {
    await writeFidelityResult(all);
    await writeFidelityPage();
  }
  if (values.json) console.log(JSON.stringify(all));
}

await main();
