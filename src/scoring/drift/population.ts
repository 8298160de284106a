import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import { createFieldBins, type FieldBins } from './field-bins.ts';

/** How one field of the rows that come now differs from the training rows. */
export interface FieldDrift {
  readonly name: string;
  /**
   * Population stability index against the training rows: 0 is none, above 0.25 is large by the usual rule (Siddiqi 2006,
   * Credit Risk Scorecards).
   */
  readonly stabilityIndex: number;
  readonly missingShare: number;
  readonly trainingMissingShare: number;
  /** Share of levels that training did not see; 0 for a field that is no category. */
  readonly unseenShare: number;
}

export interface Population {
  /** Takes rows in order, `rows.length / rowWidth` of them; none is fine. */
  observe(rows: Float32Array): void;
  /** Weight of what is remembered, in rows; at most the window. */
  readonly rows: number;
  /** In the order of the schema. */
  readonly fields: readonly FieldDrift[];
}

export interface PopulationOptions {
  readonly schema: FeatureSchema;
  /** Of the training rows, in the order of the schema's fields. */
  readonly columns: readonly ColumnFingerprint[];
  readonly trainingRows: number;
  /** Rows after which a row counts 1/e. */
  readonly window: number;
}

/** Rows of a larger call that are looked at: all of a batch would cost a third of its scores. */
const ROWS_PER_CALL = 64;
/** Of a window's rows, at least so many are looked at: the index of fewer would be large by chance. */
const ROWS_PER_WINDOW = 300;
/** Rows spread like the training rows that are added to what was seen, so that a few rows say little. */
const PRIOR_ROWS = 100;
/** Weights grow, so that old counts need not be touched, and are all divided where they become this large. */
const LARGEST_WEIGHT = 1e100;

/**
 * Counts what comes, field by field, in the bins of the training fingerprint, with weights that fade by 1/e in `window`
 * rows. Memory: a number for each bin. This compares with training; score-drift.ts compares now with before.
 */
export function createPopulation({ schema, columns, trainingRows, window }: PopulationOptions): Population {
  const width = rowWidth(schema);
  const fields = createFieldBins(schema, columns);
  const counts = fields.map(({ expected }) => new Float64Array(expected.length));
  const growth = Math.exp(1 / window);
  let weight = 1;
  let total = 0;
  const divideAll = (): void => {
    for (const each of counts) for (let bin = 0; bin < each.length; bin++) each[bin]! /= weight;
    total /= weight;
    weight = 1;
  };
  const pick = createPicker(window);
  const countField = ({ slot, binOf }: FieldBins, seen: Float64Array, rows: Float32Array, sample: Sample): void => {
    for (let place = 0; place < sample.rows.length; place++) {
      seen[binOf(rows[sample.rows[place]! * width + slot]!)]! += sample.weights[place]!;
    }
  };
  return {
    observe: (rows) => {
      const count = rows.length / width;
      if (count === 0) return;
      const picked = pick(count);
      const standsFor = count / picked.length;
      const weights = new Float64Array(picked.length);
      const faster = growth ** standsFor;
      for (let place = 0; place < picked.length; place++) {
        weight *= faster;
        weights[place] = weight * standsFor;
        total += weights[place]!;
      }
      const sample = { rows: picked, weights };
      fields.forEach((field, index) => countField(field, counts[index]!, rows, sample));
      if (weight > LARGEST_WEIGHT) divideAll();
    },
    get rows() {
      return total / weight;
    },
    get fields() {
      return fields.map((field, index) => describeField(field, counts[index]!, { weight, trainingRows }));
    },
  };
}

interface Sample {
  /** Those that are looked at. */
  readonly rows: Int32Array;
  /** Of each. */
  readonly weights: Float64Array;
}

/**
 * One row of each stretch of a call, at random within it: at even distances, rows that take turns (machine by machine) would all be
 * of the same one. Valid until the next call. The same calls give the same rows.
 */
function createPicker(window: number): (count: number) => Int32Array {
  let places = new Int32Array(ROWS_PER_CALL);
  let state = 1;
  return (count) => {
    const wanted = Math.min(count, Math.max(ROWS_PER_CALL, Math.ceil((count * ROWS_PER_WINDOW) / window)));
    if (wanted > places.length) places = new Int32Array(wanted);
    const picked = places.subarray(0, wanted);
    for (let stretch = 0; stretch < wanted; stretch++) {
      const from = Math.floor((stretch * count) / wanted);
      const to = Math.floor(((stretch + 1) * count) / wanted);
      // Numerical Recipes' generator, whose high bits do; philox.ts would cost more than the row.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      picked[stretch] = from + Math.floor(((to - from) * state) / 2 ** 32);
    }
    return picked;
  };
}

function describeField(
  { name, expected, unseenBin }: FieldBins,
  counts: Float64Array,
  { weight, trainingRows }: { readonly weight: number; readonly trainingRows: number },
): FieldDrift {
  const seen = counts.map((count) => count / weight);
  const total = seen.reduce((sum, count) => sum + count, 0);
  const shareOf = (bin: number): number => (total > 0 ? seen[bin]! / total : 0);
  return {
    name,
    stabilityIndex: stabilityIndex(seen, expected, trainingRows),
    missingShare: shareOf(expected.length - 1),
    trainingMissingShare: expected.at(-1)!,
    unseenShare: unseenBin === undefined ? 0 : shareOf(unseenBin),
  };
}

/**
 * Sum over bins of (o - e) ln(o / e), o and e the shares of seen and training rows. A bin that training left empty has half
 * a row; what was seen is eked out by `PRIOR_ROWS` rows like those of training, so that the index of a few rows is small.
 */
export function stabilityIndex(seen: Float64Array, expected: Float64Array, trainingRows: number): number {
  const rows = seen.reduce((sum, count) => sum + count, 0);
  const bins = expected.length;
  let index = 0;
  for (let bin = 0; bin < bins; bin++) {
    const e = (expected[bin]! * trainingRows + 0.5) / (trainingRows + 0.5 * bins);
    const o = (seen[bin]! + PRIOR_ROWS * e) / (rows + PRIOR_ROWS);
    index += (o - e) * Math.log(o / e);
  }
  return index;
}
