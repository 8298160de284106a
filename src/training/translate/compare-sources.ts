import { createRandom, type Random } from '../../base/philox.ts';
import { SLOTS, type FeatureSchema } from '../../models/features/schema.ts';
import type { NumberArray } from '../../runtime/executor.ts';
import { ranks } from '../continue/compare.ts';
import { fitCritics, type FitOptions } from '../fit/fit-critics.ts';
import { scoreRows, SCORES_BY, type FitModelOptions } from '../fit/fit-model.ts';
import { packRows } from '../fit/rows.ts';
import { splitRows, type Round } from '../fit/split.ts';
import { stackRows } from './recode.ts';
import type { Augmenter } from './augment.ts';

/** What a target's critic can be trained on. */
export const SOURCE_VARIANTS = ['own', 'pooled', 'translated'] as const;
export type SourceVariant = (typeof SOURCE_VARIANTS)[number];

/** How well critics of each kind of rows tell held-out normal rows of the target from others, fold by fold. */
export interface SourceComparison {
  /** Normal rows of the target, each held out once. */
  readonly rows: number;
  /** Rows that are known not to be normal; where these are few, made-up ones decide. */
  readonly known: number;
  readonly variants: readonly ComparedVariant[];
  readonly recommended: SourceVariant;
}

export interface ComparedVariant {
  readonly variant: SourceVariant;
  /** AUROC against rows made up from the held-out ones, one a fold. */
  readonly madeUp: readonly number[];
  /** AUROC against the target's rows that are known not to be normal; empty where there are none. */
  readonly known: readonly number[];
}

/** With fewer known anomalies than this, their AUROC is chance. */
const FEWEST_KNOWN = 20;
/** A smaller gain is none. */
const LEAST_GAIN = 0.01;

export interface CompareOptions {
  readonly fit: FitModelOptions;
  readonly table: NumberArray;
  readonly augmenter: Augmenter;
  readonly folds: number;
  readonly seed: number;
}

export const comparisonRound = (fold: number, variant: SourceVariant): string => `compare-${fold + 1}-${variant}`;

/**
 * Cross-validation over the target's normal rows: in each fold critics are trained on the other folds, alone, with the other
 * sources' normal rows as they are, and with these translated; all score the rows that were held out, rows made up from them,
 * and the target's known anomalies.
 */
export async function compareSources(options: CompareOptions): Promise<SourceComparison> {
  const { table, augmenter, folds, seed } = options;
  const count = table.shape[0] ?? 0;
  const random = createRandom(seed);
  const { rounds } = splitRows(count, random, { crossBelow: Infinity, folds, heldOutShare: 0.2, mostHeldOut: count });
  const results = SOURCE_VARIANTS.map((variant) => ({ variant, madeUp: [] as number[], known: [] as number[] }));
  for (const [fold, round] of rounds.entries()) {
    for (const result of results) {
      const { madeUp, known } = await measureFold(options, round, fold, result.variant, random);
      result.madeUp.push(madeUp);
      if (known !== undefined) result.known.push(known);
    }
  }
  const known = augmenter.others.shape[0] ?? 0;
  return { rows: count, known, variants: results, recommended: recommend(results, known) };
}

async function measureFold(
  { fit, table, augmenter }: CompareOptions,
  { train, heldOut }: Round,
  fold: number,
  variant: SourceVariant,
  random: Random,
): Promise<{ madeUp: number; known: number | undefined }> {
  const name = comparisonRound(fold, variant);
  const added: { readonly [V in SourceVariant]: FitOptions['addRows'] } = {
    own: undefined,
    pooled: () => Promise.resolve(augmenter.pooled),
    translated: (round, chosen) => augmenter.translated(round, chosen),
  };
  const scores = SCORES_BY[fit.score];
  const options = { ...fit, plan: fit.planFold, addRows: added[variant] };
  const critics = await fitCritics(options, name, { matrix: table, chosen: train! }, scores);
  const normal = packRows({ matrix: table, chosen: heldOut });
  const scoreOf = (rows: NumberArray): Promise<Float32Array> => scoreRows(fit, critics, scores, rows);
  const own = await scoreOf(normal);
  const { others } = augmenter;
  return {
    madeUp: auroc(own, await scoreOf(makeUpRows(fit.schema, table, heldOut, random))),
    known: others.data.length === 0 ? undefined : auroc(own, await scoreOf(others)),
  };
}

/** The share of pairs in which the second scores higher; ties count half (Mann and Whitney). */
export function auroc(normal: Float32Array, anomalous: Float32Array): number {
  const all = new Float32Array(normal.length + anomalous.length);
  all.set(normal);
  all.set(anomalous, normal.length);
  const ofAnomalous = ranks(all).subarray(normal.length);
  const above = ofAnomalous.reduce((sum, rank) => sum + rank, 0) - (anomalous.length * (anomalous.length - 1)) / 2;
  return above / (normal.length * anomalous.length);
}

/**
 * Two rows from each held-out one: one with half of its fields from another row of the target, one with a number moved by
 * three standard deviations, or, where there is no number, another half exchanged.
 */
function makeUpRows(schema: FeatureSchema, table: NumberArray, heldOut: Uint32Array, random: Random): NumberArray {
  const fields = placesOf(schema);
  const width = table.shape[1] ?? 0;
  const count = table.shape[0] ?? 0;
  const stream = random.stream('made-up rows');
  const draws = new Float32Array(fields.length + 3);
  const deviations = fields.map(({ slot, isNumber }) => (isNumber ? deviationOf(table, slot) : 0));
  const movable = fields.filter(({ isNumber }) => isNumber);
  const made = Array.from(heldOut, (row) => {
    stream.fillUniform(draws, row);
    const [a = 0, b = 0, c = 0] = draws.subarray(fields.length);
    const other = Math.floor(a * count);
    const swapped = table.data.slice(row * width, (row + 1) * width);
    fields.forEach(({ slot, slots }, index) => {
      if (draws[index]! >= 0.5) return;
      for (let at = slot; at < slot + slots; at++) swapped[at] = table.data[other * width + at]!;
    });
    const moved = table.data.slice(row * width, (row + 1) * width);
    const field = movable[Math.floor(b * movable.length)];
    if (field) moved[field.slot]! += (c < 0.5 ? -3 : 3) * deviations[fields.indexOf(field)]!;
    return [swapped, field ? moved : swapped];
  });
  return stackRows(
    made.flat().map((data) => ({ data, shape: [1, width] })),
    width,
  );
}

function placesOf({ fields }: FeatureSchema) {
  let slot = 0;
  return fields.map(({ kind }) => {
    const at = slot;
    slot += SLOTS[kind];
    return { slot: at, slots: SLOTS[kind], isNumber: kind === 'number' };
  });
}

function deviationOf({ data, shape }: NumberArray, slot: number): number {
  const [count = 0, width = 0] = shape;
  const values = Float64Array.from({ length: count }, (_, row) => data[row * width + slot]!).filter(Number.isFinite);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Other rows only where they are better in every fold, and by enough. */
function recommend(results: readonly ComparedVariant[], known: number): SourceVariant {
  const of = (result: ComparedVariant): readonly number[] => (known >= FEWEST_KNOWN ? result.known : result.madeUp);
  const [own, ...others] = results;
  const gains = others.map((result) => ({
    variant: result.variant,
    mean: meanOf(of(result)) - meanOf(of(own!)),
    always: of(result).every((value, fold) => value > of(own!)[fold]!),
  }));
  const best = gains.filter(({ mean, always }) => always && mean >= LEAST_GAIN).sort((a, b) => b.mean - a.mean)[0];
  return best?.variant ?? 'own';
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
