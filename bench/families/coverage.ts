import type { ToySet } from './toy-sets.ts';

/** How much of a distribution made-up rows cover, and how well. */
export interface Coverage {
  /** Parts with at least one row of high quality. */
  readonly found: number;
  /** Share of rows of high quality: within three deviations of the nearest part's middle. */
  readonly quality: number;
  /**
   * Kullback-Leibler divergence, in nats, of the rows' parts (the nearest one of each row) from the truth, where all are equally
   * likely: 0 where each has its share, log(parts) where one has all.
   */
  readonly divergence: number;
}

/** Deviations within which a row is of high quality: Srivastava 2017, "VEEGAN", section 4.1; Lin 2018, "PacGAN", section 4.1. */
const NEAR = 3;

/** Coverage of rows [count, 2], packed. Throws where there are none. */
export function coverageOf(set: ToySet, rows: Float32Array): Coverage {
  const count = rows.length / 2;
  if (count < 1) throw new Error('there are no rows to measure');
  const found = new Set<number>();
  const tally = new Float64Array(set.parts);
  let near = 0;
  for (let row = 0; row < count; row++) {
    const { part, distance } = set.nearest(rows[2 * row]!, rows[2 * row + 1]!);
    tally[part]! += 1;
    if (distance > NEAR * set.deviation) continue;
    near += 1;
    found.add(part);
  }
  const divergence = tally.reduce(
    (sum, n) => (n === 0 ? sum : sum + (n / count) * Math.log((n / count) * set.parts)),
    0,
  );
  return { found: found.size, quality: near / count, divergence };
}
