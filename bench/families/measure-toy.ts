import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Executor } from '../../src/runtime/executor.ts';
import { cached } from '../support/cached.ts';
import { benchConfig } from '../support/detector.ts';
import { percent } from '../support/documents.ts';
import { coverageOf } from './coverage.ts';
import { coverageSchema, type ToyFigures } from './result.ts';
import { TOY_SETS } from './toy-sets.ts';
import { trainToy } from './train-toy.ts';
import { toySettings, type ToyCase } from './variants.ts';

/** Rows of a run that a picture shows. */
const SHOWN_ROWS = 250;

/** What is kept of a run: its figures, and some of the made-up rows: x, y, x, y, ... */
const runSchema = coverageSchema.extend({ shown: z.array(z.number()) });

export interface ToyResult extends ToyFigures {
  /** Rows of the first seed. */
  readonly shown: readonly number[];
}

/** Trains a variant on a toy set with each seed and measures its coverage, or takes what an earlier run measured. */
export async function measureToy(executor: Executor, toy: ToyCase, fresh: boolean): Promise<ToyResult> {
  const { variant, set, seeds } = toy;
  const settings = toySettings(variant);
  const config = benchConfig(settings);
  const folder = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12);
  const kept: z.infer<typeof runSchema>[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const key = `families-${folder}/${set}-${seed}`;
    const { value, wasCached } = await cached({ key, schema: runSchema, fresh }, async () => {
      const { rows, rollbacks, seconds } = await trainToy(executor, config, TOY_SETS[set], seed);
      const shown = Array.from(rows.subarray(0, 2 * SHOWN_ROWS), (coordinate) => rounded(coordinate, 3));
      const { found, quality, divergence } = coverageOf(TOY_SETS[set], rows);
      const figures = { found, quality, divergence: rounded(divergence, 5), rollbacks, seconds: rounded(seconds, 2) };
      return { seed, ...figures, shown };
    });
    if (!wasCached) {
      const figures = `${value.found} of ${TOY_SETS[set].parts} found, high quality ${percent(value.quality, 1)} %`;
      console.error(`${variant.title} on ${set}, seed ${seed}: ${figures}, ${value.seconds.toFixed(1)} s`);
    }
    kept.push(value);
  }
  const runs = kept.map((run) => coverageSchema.parse(run));
  return { variant: variant.title, set, runs, shown: kept[0]?.shown ?? [] };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
