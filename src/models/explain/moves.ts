import { constant } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { TURN } from '../features/compact.ts';
import { signedLog, type NumberColumn, type Transform } from '../features/transform.ts';
import type { ExplainReference } from './explain-reference.ts';

/** A change of one field: values for some of its compact columns. */
interface Move {
  readonly unit: number;
  readonly values: ReadonlyMap<number, number>;
  /** Column that gets what the other columns predict instead of a constant. */
  readonly predicted?: number;
}

/** All moves that are looked at in a step, as matrices [moves, ...]. */
export interface MoveTable {
  readonly count: number;
  /** 1 where a move sets a column to a constant, [moves, compactWidth]. */
  readonly sets: Tensor;
  /** The constants, [moves, compactWidth]. */
  readonly values: Tensor;
  /** 1 where a move sets a column to its prediction, [moves, compactWidth]. */
  readonly predicts: Tensor;
  /** The unit that a move changes, as indicator, [moves, units]. */
  readonly unitOf: Tensor;
}

/** The moves of a model: each field to each of its usual values, to missing where that is usual, and to its prediction. */
export function createMoves(transform: Transform, reference: ExplainReference, units: number): MoveTable {
  const moves = movesOf(transform, reference);
  const { numbers, cycles, levels } = transform;
  const width = numbers.length + cycles.length + levels.length;
  const table = (size: number, value: (move: Move, at: number) => number): Tensor =>
    constant(
      moves.flatMap((move) => Array.from({ length: size }, (_, at) => value(move, at))),
      [moves.length, size],
    );
  return {
    count: moves.length,
    sets: table(width, ({ values }, column) => (values.has(column) ? 1 : 0)),
    values: table(width, ({ values }, column) => values.get(column) ?? 0),
    predicts: table(width, ({ predicted }, column) => (predicted === column ? 1 : 0)),
    unitOf: table(units, ({ unit }, at) => (unit === at ? 1 : 0)),
  };
}

/** A counterpart keeps the conditions of its row: no move touches them. */
function movesOf(transform: Transform, reference: ExplainReference): Move[] {
  const { numbers, cycles, levels } = transform;
  const conditions = new Set(
    [...numbers, ...cycles, ...levels].filter(({ condition }) => condition).map(({ unit }) => unit),
  );
  return allMoves(transform, reference).filter(({ unit }) => !conditions.has(unit));
}

function allMoves(transform: Transform, reference: ExplainReference): Move[] {
  const { numbers, cycles, levels } = transform;
  const continuous = [...numbers, ...cycles];
  const presenceOf = new Map(
    levels.flatMap(({ of, unit }, index) => (of === 'presence' ? [[unit, continuous.length + index] as const] : [])),
  );
  const usual = (column: number): readonly number[] => reference.usual[column] ?? [];
  const present = (unit: number): [number, number][] => {
    const presence = presenceOf.get(unit);
    return presence === undefined ? [] : [[presence, 0]];
  };
  const moves: Move[] = continuous.flatMap(({ unit }, column) =>
    usual(column).map((value) => ({ unit, values: new Map([[column, value], ...present(unit)]) })),
  );
  if (reference.conditional) {
    numbers.forEach(({ unit }, column) => moves.push({ unit, values: new Map(present(unit)), predicted: column }));
  }
  levels.forEach(({ of, unit }, index) => {
    const column = continuous.length + index;
    for (const level of usual(column)) {
      if (of === 'value') moves.push({ unit, values: new Map([[column, level]]) });
      else if (level === 1) moves.push({ unit, values: new Map([[column, 1], ...imputedValues(transform, unit)]) });
    }
  });
  return moves;
}

/** What the columns of a missing value hold. */
function imputedValues({ numbers, cycles, clip }: Transform, unit: number): [number, number][] {
  const of = <C extends { unit: number }>(columns: readonly C[], first: number, value: (column: C) => number) =>
    columns.flatMap((column, index): [number, number][] =>
      column.unit === unit ? [[first + index, value(column)]] : [],
    );
  return [
    ...of(numbers, 0, (column) => compactNumber(column, column.imputed, clip)),
    ...of(cycles, numbers.length, ({ imputed, period }) => (imputed * TURN) / period),
  ];
}

function compactNumber({ signedLog: isLog, mean, deviation, centre }: NumberColumn, raw: number, clip: number): number {
  const value = isLog ? signedLog(raw) : raw;
  return Math.min(clip, Math.max(-clip, (value - mean) / deviation)) - centre;
}
