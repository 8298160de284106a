import { createNumpyRandom } from './numpy-random.ts';
import type { LabelledRows } from './open-sets.ts';

/** Rows of a set: those to train on, all normal, and those to test on. */
export interface TrainTest {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/** How a labelled set becomes training and test rows. */
export type Protocol = (anomalous: LabelledRows['anomalous'], seed: number) => TrainTest;

const MOST_ROWS_SPLIT = 20_000;
const [FEWEST_ROWS_PUBLISHED, MOST_ROWS_PUBLISHED] = [1000, 50_000];

/** At most 20,000 rows, shuffled by `RandomState(seed).permutation`; half of the normals train, the rest is tested. */
const splitProtocol: Protocol = (anomalous, seed) => {
  const order = createNumpyRandom(seed).permutation(anomalous.length);
  return halve(order.subarray(0, MOST_ROWS_SPLIT), anomalous);
};

/**
 * As published (Livernoche 2024, arXiv 2305.18593, with ADBench's generator): sets of fewer than 1,000 rows are drawn with
 * replacement to 1,000 *before* the split, so that a test row may have been trained on; of more than 50,000, so many are
 * drawn; then the first half of the normals, in the order of the file, trains.
 */
const publishedProtocol: Protocol = (anomalous, seed) => {
  const count = anomalous.length;
  const random = createNumpyRandom(seed);
  if (count < FEWEST_ROWS_PUBLISHED) return halve(random.integers(count, FEWEST_ROWS_PUBLISHED), anomalous);
  if (count > MOST_ROWS_PUBLISHED) return halve(random.permutation(count).subarray(0, MOST_ROWS_PUBLISHED), anomalous);
  return halve(
    Uint32Array.from({ length: count }, (_, row) => row),
    anomalous,
  );
};

export const PROTOCOL_NAMES = ['split', 'published'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];
export const PROTOCOLS: { readonly [P in ProtocolName]: Protocol } = {
  split: splitProtocol,
  published: publishedProtocol,
};

function halve(order: Uint32Array, anomalous: Uint8Array): TrainTest {
  const normal = order.filter((row) => anomalous[row] === 0);
  const half = Math.floor(normal.length / 2);
  const anomalies = order.filter((row) => anomalous[row] === 1);
  return { train: normal.subarray(0, half), test: Uint32Array.from([...normal.subarray(half), ...anomalies]) };
}
