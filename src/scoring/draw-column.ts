import type { RandomStream } from '../base/philox.ts';
import type { ColumnFingerprint } from '../models/artefact/manifest.ts';
import { QUANTILE_SHARES } from '../models/artefact/manifest.ts';
import { SLOTS, type Field, type FieldKind } from '../models/features/schema.ts';

/** The slots of a field in `count` rows of a block. */
export type DrawColumn = (block: number, count: number) => readonly Float32Array[];

type ToSlots = (u: number, v: number) => Float32Array;

const SECONDS_OF_DAY = 86_400;
const WEEK_DAYS = 7;

/**
 * Draws a field as the manifest says that training rows were spread: levels, flags and missing values by their shares (levels
 * that training did not keep have no name and are left out), numbers between the quantiles that are kept, linearly. Of
 * times it says nothing: all seconds of the week are alike.
 */
export function drawColumn(field: Field, training: ColumnFingerprint | undefined, stream: RandomStream): DrawColumn {
  const toSlots = TO_SLOTS[field.kind](field, training ?? { name: field.name, missingShare: 0 });
  const { missingShare = 0 } = training ?? {};
  const absent = new Float32Array(SLOTS[field.kind]).fill(NaN);
  return (block, count) => {
    const uniform = new Float32Array(3 * count);
    stream.fillUniform(uniform, block);
    return Array.from({ length: count }, (_, row) => {
      const [isMissing = 0, u = 0, v = 0] = uniform.subarray(3 * row);
      return isMissing < missingShare ? absent : toSlots(u, v);
    });
  };
}

const TO_SLOTS: { readonly [K in FieldKind]: (field: Field, training: ColumnFingerprint) => ToSlots } = {
  number: (field, { quantiles = [] }) => {
    const isWhole = field.kind === 'number' && field.integer;
    return (u) => {
      const value = atShare(quantiles, u);
      return Float32Array.of(isWhole ? Math.round(value) : value);
    };
  },
  boolean: (_, training) => drawLevels(['false', 'true'], training),
  category: (field, training) => drawLevels(field.kind === 'category' ? field.levels : [], training),
  timestamp: () => (u, v) => Float32Array.of(Math.floor(u * SECONDS_OF_DAY), Math.floor(v * WEEK_DAYS)),
};

function drawLevels(levels: readonly string[], { levelShares = {} }: ColumnFingerprint): ToSlots {
  const shares = levels.map((level) => levelShares[level] ?? 0);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return (u) => {
    let left = u * total;
    const index = shares.findIndex((share) => (left -= share) < 0);
    return Float32Array.of(index < 0 ? shares.length - 1 : index);
  };
}

/** Linear between the quantiles that the manifest keeps. */
function atShare(quantiles: readonly number[], share: number): number {
  const above = Math.max(
    1,
    QUANTILE_SHARES.findIndex((each) => each >= share),
  );
  const [from, to] = [QUANTILE_SHARES[above - 1]!, QUANTILE_SHARES[above]!];
  const [low = 0, high = low] = [quantiles[above - 1], quantiles[above]];
  return low + (high - low) * ((share - from) / (to - from));
}
