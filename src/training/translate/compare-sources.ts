import { createRandom, type Random } from '../../base/philox.ts';
import { SLOTS, type FeatureSchema } from '../../models/features/schema.ts';
import type { NumberArray } from '../../runtime/executor.ts';
import { auroc } from '../auroc.ts';
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
  /** Rows that are known not to be normal, each held out once as well. */
  readonly known: number;
  readonly variants: readonly ComparedVariant[];
  /** By what the recommendation was made: the known ones, or, where these are few, the made-up ones. */
  readonly decidedBy: 'known' | 'madeUp';
  readonly recommended: SourceVariant;
}

export interface ComparedVariant {
  readonly variant: SourceVariant;
  /** AUROC against rows made up from the held-out ones, one a fold. */
  readonly madeUp: readonly number[];
  /** AUROC against the fold's rows that are known not to be normal; empty where there are fewer than folds. */
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
 * and the fold's share of the target's known anomalies, which its translation has not seen.
 */
export async function compareSources(options: CompareOptions): Promise<SourceComparison> {
  const { table, augmenter, folds, seed } = options;
  const count = table.shape[0] ?? 0;
  const random = createRandom(seed);
  const { rounds } = splitRows(count, random, { crossBelow: Infinity, folds, heldOutShare: 0.2, mostHeldOut: count });
  const results = SOURCE_VARIANTS.map((variant) => ({ variant, madeUp: [] as number[], known: [] as number[] }));
  const known = augmenter.others.shape[0] ?? 0;
  const dealt = dealRows(known, rounds.length, random);
  for (const [index, round] of rounds.entries()) {
    for (const result of results) {
      const measured = await measureFold(options, { ...round, ...dealt[index]!, index }, result.variant, random);
      result.madeUp.push(measured.madeUp);
      if (known >= rounds.length) result.known.push(measured.known);
    }
  }
  return { rows: count, known, variants: results, ...recommend(results, known) };
}

interface KnownRows {
  readonly others: Uint32Array;
  readonly heldOutOthers: Uint32Array;
}

/** Deals rows into folds, in a seeded random order. */
export function dealRows(count: number, folds: number, random: Random): KnownRows[] {
  const order = random.stream('known rows').permutation(count);
  return Array.from({ length: folds }, (_, fold) => ({
    others: order.filter((_row, index) => index % folds !== fold),
    heldOutOthers: order.filter((_row, index) => index % folds === fold),
  }));
}

async function measureFold(
  { fit, table, augmenter }: CompareOptions,
  { train, heldOut, others, heldOutOthers, index }: Round & KnownRows & { readonly index: number },
  variant: SourceVariant,
  random: Random,
): Promise<{ madeUp: number; known: number }> {
  const added: { readonly [V in SourceVariant]: FitOptions['addRows'] } = {
    own: undefined,
    pooled: (_round, normals) => Promise.resolve(augmenter.pooled({ normals, others })),
    translated: (round, normals) => augmenter.translated(round, { normals, others }),
  };
  const scores = SCORES_BY[fit.score];
  const options = { ...fit, plan: fit.planFold, addRows: added[variant] };
  const critics = await fitCritics(options, comparisonRound(index, variant), { matrix: table, chosen: train! }, scores);
  const scoreOf = (rows: NumberArray): Promise<Float32Array> => scoreRows(fit, critics, scores, rows);
  const own = await scoreOf(packRows({ matrix: table, chosen: heldOut }));
  const known = packRows({ matrix: augmenter.others, chosen: heldOutOthers });
  return {
    madeUp: auroc(own, await scoreOf(makeUpRows(fit.schema, table, heldOut, random))),
    known: known.data.length === 0 ? NaN : auroc(own, await scoreOf(known)),
  };
}

/**
 * Two rows from each held-out one: one with half of its fields from another row of the target, one with a number moved by
 * three standard deviations, or, where there is no number, the first once more. Conditions stay as they are.
 */
export function makeUpRows(
  schema: FeatureSchema,
  table: NumberArray,
  heldOut: Uint32Array,
  random: Random,
): NumberArray {
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
  return fields.flatMap(({ kind, condition }) => {
    const at = slot;
    slot += SLOTS[kind];
    return condition ? [] : [{ slot: at, slots: SLOTS[kind], isNumber: kind === 'number' }];
  });
}

function deviationOf({ data, shape }: NumberArray, slot: number): number {
  const [count = 0, width = 0] = shape;
  const values = Float64Array.from({ length: count }, (_, row) => data[row * width + slot]!).filter(Number.isFinite);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Other rows only where they are better in every fold, and by enough. */
export function recommend(
  results: readonly ComparedVariant[],
  known: number,
): Pick<SourceComparison, 'decidedBy' | 'recommended'> {
  const decidedBy = known >= FEWEST_KNOWN && results.every((result) => result.known.length > 0) ? 'known' : 'madeUp';
  const own = results.find(({ variant }) => variant === 'own')![decidedBy];
  const gains = results.map(({ variant, [decidedBy]: values }) => ({
    variant,
    mean: meanOf(values) - meanOf(own),
    always: values.every((value, fold) => value > own[fold]!),
  }));
  const best = gains.filter(({ mean, always }) => always && mean >= LEAST_GAIN).sort((a, b) => b.mean - a.mean)[0];
  return { decidedBy, recommended: best?.variant ?? 'own' };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
