import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import { countBelow } from '../count-below.ts';
import { SLOTS, type FeatureSchema, type Field } from '../../models/features/schema.ts';

/** A field of the raw row as a few bins, with the share of the training rows that fell into each. */
export interface FieldBins {
  readonly name: string;
  /** First slot of the field in the raw row. */
  readonly slot: number;
  /** Bin of a value; NaN has the last one, which stands for missing values. */
  readonly binOf: (value: number) => number;
  /** Share of the training rows in each bin; they sum to 1. */
  readonly expected: Float64Array;
  /** Bin of levels that training did not see; absent where the field is no category. */
  readonly unseenBin?: number;
}

/** Levels with a bin of their own, the most frequent ones; more would make the shift of a short window mostly noise. */
const MOST_LEVELS = 20;
/** Name of the levels that were not kept, in `levelShares`. */
const OTHER_LEVELS = '(other levels)';

/**
 * Bins for every field. Where the fingerprint does not say how the training rows were spread (times of day, which no window
 * of a few thousand rows covers, or a fingerprint without `bins`), only present and missing are told apart.
 */
export function createFieldBins(schema: FeatureSchema, columns: readonly ColumnFingerprint[]): FieldBins[] {
  let slot = 0;
  return schema.fields.map((field, index) => {
    const column = columns[index]!;
    const bins = { name: field.name, slot, ...binField(field, column) };
    slot += SLOTS[field.kind];
    return bins;
  });
}

type Binning = Omit<FieldBins, 'name' | 'slot'>;

function binField(field: Field, column: ColumnFingerprint): Binning {
  switch (field.kind) {
    case 'number':
      return binNumber(column);
    case 'boolean':
      return binLevels(['false', 'true'], column);
    case 'category': {
      const bins = binLevels(field.levels, column);
      return { ...bins, unseenBin: bins.expected.length - 2 };
    }
    case 'timestamp':
      return presence(column);
  }
}

const presence = ({ missingShare }: ColumnFingerprint): Binning => ({
  binOf: (value) => (Number.isNaN(value) ? 1 : 0),
  expected: Float64Array.of(1 - missingShare, missingShare),
});

/** Bin b holds edges[b - 1] < value <= edges[b]. */
function binNumber(column: ColumnFingerprint): Binning {
  const { bins, missingShare } = column;
  if (bins === undefined) return presence(column);
  const edges = Float64Array.from(bins.edges);
  const missing = bins.shares.length;
  const binOf = (value: number): number => {
    return Number.isNaN(value) ? missing : countBelow(edges, edges.length, value);
  };
  return { binOf, expected: Float64Array.of(...bins.shares.map((each) => each * (1 - missingShare)), missingShare) };
}

/** A bin for each of the frequent levels, one for the rare ones together, one for unseen ones, one for missing values. */
function binLevels(levels: readonly string[], { levelShares = {}, missingShare }: ColumnFingerprint): Binning {
  const own = Math.min(levels.length, MOST_LEVELS);
  const [rare, unseen, missing] = [own, own + 1, own + 2];
  const shares = levels.map((level) => levelShares[level] ?? 0);
  const rareShare = shares.slice(own).reduce((sum, share) => sum + share, 0);
  const expected = Float64Array.of(...shares.slice(0, own), rareShare, levelShares[OTHER_LEVELS] ?? 0, missingShare);
  const binOf = (value: number): number => {
    if (value < own) return value;
    if (value < levels.length) return rare;
    return Number.isNaN(value) ? missing : unseen;
  };
  return { binOf, expected };
}
