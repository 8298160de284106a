import type { Executor } from '../../src/runtime/executor.ts';
import { measureSet, type Measurement } from '../quality/measure-set.ts';
import { resultSchema, rounded, type PeerFigure } from '../quality/result.ts';
import { benchConfig } from '../support/detector.ts';
import { percent, readResult } from '../support/documents.ts';
import { findOpenSets } from '../support/open-sets.ts';
import type { FamiliesResult } from './result.ts';

/** Six of the labelled sets, named before anything was measured: three that the recipe was chosen on, three that it was not. */
export const DETECTION_SETS = ['cardio', 'satellite', 'thyroid', 'PageBlocks', 'pendigits', 'bottle'] as const;
export const DETECTION_SEEDS = [0, 1, 2] as const;
/** Peers of docs/quality.md that stand beside. */
export const BESIDE = ['KNN', 'IForest'] as const;

/** A family as a detector: by its own critic alone, or by members against off-support negatives. */
export interface DetectorVariant {
  readonly title: string;
  readonly negatives: boolean;
  readonly values: Readonly<Record<string, unknown>>;
}

const own = (family: string): DetectorVariant => ({
  title: family,
  negatives: false,
  values: { family, members: [], score: 'own' },
});
const members = (family: string, names: readonly string[]): DetectorVariant => ({
  title: `${family}, --members ${names.join(',')}`,
  negatives: true,
  values: { family, members: names, score: 'members', generator: false },
});

/** Each family without off-support negatives, and with them, by a member of its own objective; wgan-gp's are the default. */
export const DETECTORS: readonly DetectorVariant[] = [
  own('gan'),
  own('wgan'),
  own('wgan-gp'),
  members('gan', ['logistic']),
  members('wgan', ['clipped']),
];

/** Finds a detector by its title; throws where there is none. */
export function findDetector(title: string): DetectorVariant {
  const found = DETECTORS.find((each) => each.title === title);
  if (found) return found;
  throw new Error(`there is no detector ${title}; known: ${DETECTORS.map((each) => `"${each.title}"`).join(', ')}`);
}

/** Measures detectors on the six sets with each seed, in the split of docs/quality.md. */
export async function measureDetectors(
  executor: Executor,
  fresh: boolean,
  variants: readonly DetectorVariant[] = DETECTORS,
): Promise<FamiliesResult['detection']> {
  const results: FamiliesResult['detection'] = [];
  for (const variant of variants) {
    const config = benchConfig(variant.values);
    const measurements: Measurement[] = [];
    for (const set of findOpenSets(DETECTION_SETS)) {
      const onMeasured = ({ seed, auroc, trainSeconds }: Measurement, wasCached: boolean): void => {
        if (wasCached) return;
        console.error(`${variant.title} on ${set.name}, seed ${seed}: ${percent(auroc)}, ${trainSeconds.toFixed(1)} s`);
      };
      const options = { executor, config, protocol: 'split', seeds: DETECTION_SEEDS, fresh, onMeasured } as const;
      measurements.push(...(await measureSet(set, options)));
    }
    results.push({ title: variant.title, negatives: variant.negatives, measurements: measurements.map(rounded) });
  }
  return results;
}

/** What bench:quality measured on the six sets, in the same split: the default of `train`, and peers. */
export async function readBeside(): Promise<{ measurements: Measurement[]; peers: PeerFigure[] }> {
  const { measurements, peers } = resultSchema.parse(await readResult('quality/split.json'));
  const sets: readonly string[] = DETECTION_SETS;
  const isOurs = ({ set }: { readonly set: string }): boolean => sets.includes(set);
  return { measurements: measurements.filter(isOurs), peers: (peers?.figures ?? []).filter(isOurs) };
}
