import {
  abs,
  add,
  clip,
  concat,
  constant,
  cos,
  divide,
  equal,
  gatherRows,
  isNaN,
  log,
  maximum,
  minimum,
  multiply,
  select,
  sign,
  sin,
  slice,
  subtract,
  transpose,
  columns as columnRange,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { CycleColumn, LevelColumn, NumberColumn, Transform } from './transform.ts';

/** Height of a category's indicator; critic-recipe.md section 5. */
export const INDICATOR_HEIGHT = 2;
/** A uniform angle in turns has variance 1 / 12; in this unit, 1. */
export const TURN = Math.sqrt(12);

/** Where the kinds of column lie in a compact row, and how wide rows are. */
export interface Layout {
  /** Numbers and cycles: the columns that negatives blur. */
  readonly continuous: number;
  readonly levels: number;
  readonly compactWidth: number;
  readonly expandedWidth: number;
  readonly units: number;
  /** Unit of each compact column. */
  readonly unitOf: readonly number[];
  /** Levels of each level column. */
  readonly levelCounts: readonly number[];
  /** Index of the unseen level of each level column, or of the missing one where there is no other. */
  readonly unseenLevels: readonly number[];
  /** Whether each compact column belongs to a condition. */
  readonly conditions: readonly boolean[];
}

export function layoutOf({ numbers, cycles, levels }: Transform): Layout {
  const units = [...numbers, ...cycles, ...levels].map(({ unit }) => unit);
  // Units are numbered by field; fields that a transform dropped leave gaps, which are closed here.
  const known = [...new Set(units)].sort((a, b) => a - b);
  const levelCounts = levels.map(({ count }) => count);
  return {
    continuous: numbers.length + cycles.length,
    levels: levels.length,
    compactWidth: units.length,
    expandedWidth: numbers.length + 2 * cycles.length + levelCounts.reduce((total, count) => total + count, 0),
    units: known.length,
    unitOf: units.map((unit) => known.indexOf(unit)),
    levelCounts,
    unseenLevels: levels.map(({ largestIndex }) => largestIndex),
    conditions: [...numbers, ...cycles, ...levels].map(({ condition }) => condition === true),
  };
}

/** Raw rows [n, rowWidth] -> compact rows [n, compactWidth]: numbers, cycles, levels. */
export function toCompact(rows: Tensor, transform: Transform): Tensor {
  const parts = [
    ...groupNeighbours(transform.numbers, ({ signedLog }) => signedLog).map((group) =>
      compactNumbers(rows, group, transform.clip),
    ),
    ...(transform.cycles.length > 0 ? [compactCycles(rows, transform.cycles)] : []),
    ...groupNeighbours(transform.levels, ({ of }) => of).map((group) => compactLevels(rows, group)),
  ];
  return concat(parts, 1);
}

/** Compact rows [n, compactWidth] -> what networks see, [n, expandedWidth]: numbers, sines, cosines, indicators. */
export function expandCompact(compact: Tensor, { numbers, cycles, levels }: Transform): Tensor {
  const parts: Tensor[] = [];
  if (numbers.length > 0) parts.push(columnRange(compact, 0, numbers.length));
  if (cycles.length > 0) {
    const turns = columnRange(compact, numbers.length, numbers.length + cycles.length);
    const angle = multiply(turns, (2 * Math.PI) / TURN);
    parts.push(multiply(sin(angle), Math.SQRT2), multiply(cos(angle), Math.SQRT2));
  }
  const at = numbers.length + cycles.length;
  if (levels.length > 0) parts.push(toIndicators(columnRange(compact, at, at + levels.length), levels));
  return concat(parts, 1);
}

/** Indices of levels [n, levels] -> INDICATOR_HEIGHT at each column's level, else 0: [n, all their counts]. */
function toIndicators(indices: Tensor, levels: readonly LevelColumn[]): Tensor {
  const columnOf = levels.flatMap(({ count }, column) => Array<number>(count).fill(column));
  const place = levels.flatMap(({ count }) => Array.from({ length: count }, (_, level) => level));
  const repeated = repeatColumns(indices, columnOf);
  return multiply(equal(repeated, constant(place, [1, place.length])), INDICATOR_HEIGHT);
}

/** [n, k] -> [n, columnOf.length]: result column c is column columnOf[c]. */
export function repeatColumns(x: Tensor, columnOf: readonly number[]): Tensor {
  const isPlain = columnOf.length === x.shape[1] && columnOf.every((from, to) => from === to);
  if (isPlain) return x;
  return transpose(gatherRows(transpose(x), constant(columnOf, [columnOf.length])));
}

/** Neighbours that are treated alike go together, so that a wide table is a few operations, not a few a column. */
export function groupNeighbours<T>(columns: readonly T[], alike: (column: T) => unknown): T[][] {
  const groups: T[][] = [];
  for (const column of columns) {
    const group = groups.at(-1);
    if (group && alike(group[0]!) === alike(column)) group.push(column);
    else groups.push([column]);
  }
  return groups;
}

function compactNumbers(rows: Tensor, columns: readonly NumberColumn[], limit: number): Tensor {
  const constants = (value: (column: NumberColumn) => number): Tensor => rowOf(columns, value);
  const raw = takeSlots(
    rows,
    columns.map(({ slot }) => slot),
  );
  const known = select(
    isNaN(raw),
    constants((column) => column.imputed),
    raw,
  );
  const value = columns[0]?.signedLog === true ? signedLogOf(known) : known;
  // A division: the reciprocal of a very large deviation would be no float32.
  const standardised = divide(
    subtract(
      value,
      constants((column) => column.mean),
    ),
    constants((column) => column.deviation),
  );
  return subtract(
    clip(standardised, -limit, limit),
    constants((column) => column.centre),
  );
}

/** Below the distance from 1 to the next float32; keeps a branch that is not taken from dividing by 0. */
const SMALLEST_STEP = 1e-8;
const LARGEST_FLOAT = 3.4028234663852886e38;

/** sign(x) log(1 + |x|). */
export function signedLogOf(x: Tensor): Tensor {
  return multiply(sign(x), logOfOnePlus(abs(x)));
}

/**
 * log(1 + x) for x >= 0 without losing small x: log(u) x / (u - 1) with u = 1 + x rounded, and x where u is 1 (Kahan; see
 * Goldberg 1991, theorem 4).
 */
function logOfOnePlus(size: Tensor): Tensor {
  const x = minimum(size, LARGEST_FLOAT);
  const u = add(x, 1);
  return select(equal(u, 1), x, multiply(log(u), divide(x, maximum(subtract(u, 1), SMALLEST_STEP))));
}

function compactCycles(rows: Tensor, cycles: readonly CycleColumn[]): Tensor {
  const constants = (value: (column: CycleColumn) => number): Tensor => rowOf(cycles, value);
  const raw = takeSlots(
    rows,
    cycles.map(({ slot }) => slot),
  );
  const known = select(
    isNaN(raw),
    constants((column) => column.imputed),
    raw,
  );
  // No clock shows a time outside its period; a sine of infinity would be NaN.
  const onClock = minimum(
    maximum(known, 0),
    constants(({ period }) => period),
  );
  return multiply(
    onClock,
    constants(({ period }) => TURN / period),
  );
}

function compactLevels(rows: Tensor, levels: readonly LevelColumn[]): Tensor {
  const raw = takeSlots(
    rows,
    levels.map(({ slot }) => slot),
  );
  const missing = isNaN(raw);
  if (levels[0]?.of === 'presence') return missing;
  const constants = (value: (level: LevelColumn) => number): Tensor => rowOf(levels, value);
  return select(
    missing,
    constants(({ missingIndex }) => missingIndex),
    minimum(
      raw,
      constants(({ largestIndex }) => largestIndex),
    ),
  );
}

/** One number a column, as a row [1, columns] that fits every row. */
function rowOf<T>(columns: readonly T[], value: (column: T) => number): Tensor {
  return constant(Float32Array.from(columns, value), [1, columns.length]);
}

/** The raw row's slots in the given order; runs of neighbours are taken as one slice. */
function takeSlots(rows: Tensor, slots: readonly number[]): Tensor {
  const runs: { start: number; end: number }[] = [];
  for (const slot of slots) {
    const run = runs.at(-1);
    if (run?.end === slot) run.end += 1;
    else runs.push({ start: slot, end: slot + 1 });
  }
  const parts = runs.map(({ start, end }) => slice(rows, 1, start, end));
  return parts.length === 1 ? parts[0]! : concat(parts, 1);
}
