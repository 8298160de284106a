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
  /** Slots that are the same in all training rows and that no network sees. */
  readonly fixed: readonly FixedSlot[];
  /** Standardised numbers are clipped to [-clip, clip]. */
  readonly clip: number;
}

export interface FixedSlot {
  readonly slot: number;
  readonly value: number;
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
  readonly integer: boolean;
  readonly imputed: number;
  /** Of the finite training values. */
  readonly smallest: number;
  readonly largest: number;
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
  /** Slots from `slot` on that are missing together. */
  readonly span: number;
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
  const transform = {
    numbers: [] as NumberColumn[],
    cycles: [] as CycleColumn[],
    levels: [] as LevelColumn[],
    fixed: [] as FixedSlot[],
    clip,
  };
  let slot = 0;
  schema.fields.forEach((field, unit) => {
    const at = { name: field.name, slot, unit };
    const column = (offset: number): Float32Array => takeColumn(rows, width, at.slot + offset);
    if (field.kind === 'number') {
      const isLog = scale === 'signed-log';
      transform.numbers.push(fitNumber({ ...at, signedLog: isLog, integer: field.integer }, column(0), clip));
    }
    if (field.kind === 'timestamp') fitCycles(at, column, transform);
    transform.levels.push(...fitLevels(at, field));
    slot += SLOTS[field.kind];
  });
  return transform;
}

/** x -> sign(x) log(1 + |x|): takes the length out of heavy tails, on both sides of zero. */
export function signedLog(x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x));
}

type NumberStart = Pick<NumberColumn, 'name' | 'slot' | 'unit' | 'signedLog' | 'integer'>;

function fitNumber(start: NumberStart, raw: Float32Array, clip: number): NumberColumn {
  const present = raw.filter(Number.isFinite);
  const imputed = median(present);
  const values = Float64Array.from(raw, (value) => {
    const known = Number.isNaN(value) ? imputed : value;
    return start.signedLog ? signedLog(known) : known;
  });
  const finite = values.filter(Number.isFinite);
  const mean = meanOf(finite);
  const spread = Math.sqrt(meanOf(finite.map((value) => (value - mean) ** 2)));
  const deviation = spread > 0 ? spread : 1;
  const clipped = values.map((value) => Math.min(clip, Math.max(-clip, (value - mean) / deviation)));
  const [smallest, largest] = [
    present.reduce((a, b) => Math.min(a, b), Infinity),
    present.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  return { ...start, imputed, smallest, largest, mean, deviation, centre: meanOf(clipped) };
}

function fitCycles(
  at: Column,
  column: (offset: number) => Float32Array,
  to: { readonly cycles: CycleColumn[]; readonly fixed: FixedSlot[] },
): void {
  [DAY_SECONDS, WEEK_DAYS].forEach((period, offset) => {
    const slot = at.slot + offset;
    const present = column(offset).filter((value) => !Number.isNaN(value));
    const value = median(present);
    if (present.every((other) => other === value)) to.fixed.push({ slot, value });
    else to.cycles.push({ ...at, slot, period, imputed: value });
  });
}

/** Seen levels, then one slot for unseen levels, then, where training had missing values, one for these. */
function fitLevels(at: Column, field: Field): LevelColumn[] {
  const span = SLOTS[field.kind];
  if (field.kind === 'number' || field.kind === 'timestamp') {
    return field.missing ? [{ ...at, span, of: 'presence', count: 2, missingIndex: 1, largestIndex: 1 }] : [];
  }
  const seen = field.kind === 'category' ? field.levels.length : 2;
  const missingIndex = field.missing ? seen + 1 : seen;
  return [{ ...at, span, of: 'value', count: missingIndex + 1, missingIndex, largestIndex: seen }];
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
