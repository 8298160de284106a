import type { Field } from '../features/schema.ts';
import { sortedFinite } from '../features/sorted-finite.ts';
import { signedLog, type ReadSlot } from '../features/transform.ts';
import { findPointMasses, type PointMasses } from './point-masses.ts';

/** Where a column is in a source's raw rows, and what stands for a value that is not there. */
export interface Place {
  readonly slot: number;
  /** Whether the source's rows have missing values here. */
  readonly missing: boolean;
  /** What networks are given for a missing or unknown value: the middle one, or the most frequent. */
  readonly imputed: number;
  /** What a translated row gets where its source lacks the column: the mean, or the most frequent level. */
  readonly neutral: number;
}

/** (g(x) - mean) / deviation, with g(x) = sign(x) log(1 + |x|) or x. */
export interface NumberPlace extends Place {
  readonly integer: boolean;
  readonly mean: number;
  readonly deviation: number;
  /** Of the finite values. */
  readonly smallest: number;
  readonly largest: number;
  readonly masses: PointMasses;
}

interface Found {
  readonly field: Field;
  readonly slot: number;
  readonly readSlot: ReadSlot;
}

/** A column with more missing values than this counts as lacking: radialgan-findings has the same for the hospitals. */
const MOST_MISSING = 0.5;
/** A smaller deviation is none: a near-constant column must not be blown up. */
const LEAST_DEVIATION = 1e-6;

export function isMostlyMissing(values: Float32Array): boolean {
  return values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0) > MOST_MISSING * values.length;
}

/** The largest |z-score| of the finite values. */
export function largestScore(values: Float32Array): number {
  const finite = values.filter(Number.isFinite);
  const { mean, deviation } = momentsOf(finite);
  return finite.reduce((largest, value) => Math.max(largest, Math.abs(value - mean) / deviation), 0);
}

export function fitNumber({ field, slot }: Found, values: Float32Array, isLog: boolean): NumberPlace {
  const sorted = sortedFinite(values);
  const middle = medianOf(sorted);
  const known = Float64Array.from(values, (value) => (Number.isFinite(value) ? value : middle));
  const { mean, deviation } = momentsOf(isLog ? known.map(signedLog) : known);
  const integer = field.kind === 'number' && field.integer;
  const average = momentsOf(sorted).mean;
  return {
    ...{ slot, missing: field.missing, imputed: middle, mean, deviation, integer },
    neutral: integer ? Math.round(average) : average,
    smallest: sorted[0] ?? middle,
    largest: sorted.at(-1) ?? middle,
    masses: findPointMasses(sorted, values.length),
  };
}

export function fitCycle({ field, slot, readSlot }: Found): Place {
  const middle = medianOf(sortedFinite(readSlot(slot)));
  return { slot, missing: field.missing, imputed: middle, neutral: middle };
}

/** The most frequent of levels 0 .. count - 1 stands for what is missing, unknown or lacking. */
export function fitLevels({ field, slot, readSlot }: Found, count: number): Place {
  const counts = new Array<number>(Math.max(1, count)).fill(0);
  for (const value of readSlot(slot)) if (value < counts.length) counts[value]! += 1;
  const mode = counts.indexOf(Math.max(...counts));
  return { slot, missing: field.missing, imputed: mode, neutral: mode };
}

function medianOf(sorted: Float32Array): number {
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function momentsOf(values: Float32Array | Float64Array): { mean: number; deviation: number } {
  const count = Math.max(1, values.length);
  let [total, squares] = [0, 0];
  for (const value of values) total += value;
  const mean = total / count;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / count);
  return { mean, deviation: deviation > LEAST_DEVIATION * Math.max(1, Math.abs(mean)) ? deviation : 1 };
}
