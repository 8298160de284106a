import { rowWidth, SLOTS, type FeatureSchema, type Field } from './schema.ts';

/**
 * What pre-processing does to each column, fitted on training rows; critic-recipe.md sections 2 and 5 are the source of
 * every constant. A raw row becomes a *compact* row - one standardised number, angle or level index a column -, on
 * which negatives are made, and that is *expanded* (levels to indicators, angles to sine and cosine) for the networks.
 */
export interface Transform {
  readonly numbers: readonly NumberColumn[];
  readonly cycles: readonly CycleColumn[];
  readonly levels: readonly LevelColumn[];
  /** Standardised numbers are clipped to [-clip, clip]. */
  readonly clip: number;
}

interface Column {
  readonly name: string;
  /** Place in the raw row. */
  readonly slot: number;
  /** Columns of one unit (a value and its being missing) are moved together; units are numbered from 0. */
  readonly unit: number;
}

/** clip((g(x) - mean) / deviation) - centre, with g(x) = sign(x) log(1 + |x|) or x; a missing value is first imputed. */
export interface NumberColumn extends Column {
  readonly signedLog: boolean;
  readonly imputed: number;
  readonly mean: number;
  readonly deviation: number;
  readonly centre: number;
}

/** An angle in turns, times sqrt(12) so that a uniform one has variance 1. */
export interface CycleColumn extends Column {
  readonly period: number;
  readonly imputed: number;
}

/** Index of a level; the value is copied from the slot, or tells only whether it is missing. */
export interface LevelColumn extends Column {
  readonly of: 'value' | 'presence';
  /** Levels that an index may take, the unseen one and the missing one included. */
  readonly count: number;
  /** Index that a missing value gets. */
  readonly missingIndex: number;
  readonly largestIndex: number;
}

export interface TransformOptions {
  /** `standard`: as they are, clip at 20; `signed-log`: clip at 5; `auto`: signed-log in a table with categories. */
  readonly numbers: 'auto' | 'standard' | 'signed-log';
}

/** Critic-recipe.md sections 2 (numbers only) and 5 (mixed columns). */
const CLIP = { standard: 20, 'signed-log': 5 } as const;
const DAY_SECONDS = 86_400;
const WEEK_DAYS = 7;

/** Fits the pre-processing on `count` raw rows, packed one after the other. */
export function fitTransform(schema: FeatureSchema, rows: Float32Array, options: TransformOptions): Transform {
  const width = rowWidth(schema);
  const isMixed = schema.fields.some(({ kind }) => kind === 'category');
  const scale = options.numbers === 'auto' ? (isMixed ? 'signed-log' : 'standard') : options.numbers;
  const clip = CLIP[scale];
  const transform = { numbers: [] as NumberColumn[], cycles: [] as CycleColumn[], levels: [] as LevelColumn[], clip };
  let slot = 0;
  schema.fields.forEach((field, unit) => {
    const at = { name: field.name, slot, unit };
    const column = (offset: number): Float32Array => takeColumn(rows, width, at.slot + offset);
    if (field.kind === 'number') transform.numbers.push(fitNumber(at, column(0), scale === 'signed-log', clip));
    if (field.kind === 'timestamp') transform.cycles.push(...fitCycles(at, column));
    transform.levels.push(...fitLevels(at, field));
    slot += SLOTS[field.kind];
  });
  return transform;
}

/** x -> sign(x) log(1 + |x|): takes the length out of heavy tails, on both sides of zero. */
export function signedLog(x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x));
}

function fitNumber(at: Column, raw: Float32Array, isLog: boolean, clip: number): NumberColumn {
  const present = raw.filter((value) => !Number.isNaN(value));
  const imputed = median(present);
  const values = Float64Array.from(raw, (value) => {
    const known = Number.isNaN(value) ? imputed : value;
    return isLog ? signedLog(known) : known;
  });
  const finite = values.filter(Number.isFinite);
  const mean = meanOf(finite);
  const spread = Math.sqrt(meanOf(finite.map((value) => (value - mean) ** 2)));
  const deviation = spread > 0 ? spread : 1;
  const clipped = values.map((value) => Math.min(clip, Math.max(-clip, (value - mean) / deviation)));
  return { ...at, signedLog: isLog, imputed, mean, deviation, centre: meanOf(clipped) };
}

function fitCycles(at: Column, column: (offset: number) => Float32Array): CycleColumn[] {
  return [DAY_SECONDS, WEEK_DAYS].flatMap((period, offset) => {
    const present = column(offset).filter((value) => !Number.isNaN(value));
    const isConstant = present.every((value) => value === present[0]);
    return isConstant ? [] : [{ ...at, slot: at.slot + offset, period, imputed: median(present) }];
  });
}

/** Seen levels, then one slot for unseen levels, then, where training had missing values, one for these. */
function fitLevels(at: Column, field: Field): LevelColumn[] {
  if (field.kind === 'number' || field.kind === 'timestamp') {
    return field.missing ? [{ ...at, of: 'presence', count: 2, missingIndex: 1, largestIndex: 1 }] : [];
  }
  const seen = field.kind === 'category' ? field.levels.length : 2;
  const missingIndex = field.missing ? seen + 1 : seen;
  return [{ ...at, of: 'value', count: missingIndex + 1, missingIndex, largestIndex: seen }];
}

function takeColumn(rows: Float32Array, width: number, slot: number): Float32Array {
  return Float32Array.from({ length: rows.length / width }, (_, row) => rows[row * width + slot]!);
}

function meanOf(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
}

function median(values: Float32Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
