import { meanOf } from '../quality/summary.ts';
import { columnOf, momentsOf } from './moments.ts';
import type { Encoded, Layout, Matrix } from './encode.ts';

/** The target's training rows and the other sources' rows, each with their classes, in one layout. */
export interface EncodedExchange {
  readonly layout: Layout;
  readonly target: LabelledMatrix;
  readonly others: readonly LabelledMatrix[];
}
export interface LabelledMatrix extends Encoded {
  readonly classes: ArrayLike<number>;
}

/** Plain pooling: the others' rows as they are; where a source lacks a column of the target, the mean of the target's rows. */
export function poolRows({ target, others }: EncodedExchange): Matrix {
  return others.flatMap(({ rows, has }) => fillLacking(rows, has, target));
}

/** Rows of a source with the target's mean where the source lacks the column. */
export function fillLacking(rows: Matrix, has: readonly boolean[], target: Encoded): Matrix {
  const means = has.map((known, place) => (known || !target.has[place] ? 0 : meanOf(columnOf(target.rows, place))));
  return rows.map((row) => row.map((value, place) => (has[place] ? value : means[place]!)));
}

/** Strength of the ridge, in rows. */
const RIDGE = 3;

/**
 * A translation without a GAN. A column that a source lacks is predicted, by ridge regression on the columns in common and the class,
 * from all rows that have it; then the source's numbers are moved to the target's mean and deviation.
 */
export function ridgeAndAlign(exchange: EncodedExchange): Matrix {
  const { layout, target, others } = exchange;
  return others.flatMap((source) => {
    const filled = predictLacking(source, [target, ...others], target.has);
    return alignRows(filled, target.rows, (place) => layout.places[place]!.isNumber && target.has[place]!);
  });
}

function predictLacking(source: LabelledMatrix, all: readonly LabelledMatrix[], wanted: readonly boolean[]): Matrix {
  const rows = source.rows.map((row) => [...row]);
  wanted.forEach((isWanted, place) => {
    if (!isWanted || source.has[place]) return;
    const owners = all.filter(({ has }) => has[place]);
    const shared = wanted.flatMap((_, at) => ([...owners, source].every(({ has }) => has[at]) ? [at] : []));
    const inputsOf = ({ rows: from, classes }: LabelledMatrix): number[][] =>
      from.map((row, index) => [...shared.map((at) => row[at]!), classes[index]!, 1]);
    const weights = fitRidge(
      owners.flatMap(inputsOf),
      owners.flatMap((owner) => columnOf(owner.rows, place)),
      RIDGE,
    );
    inputsOf(source).forEach((inputs, index) => (rows[index]![place] = dot(inputs, weights)));
  });
  return rows;
}

/** Weights w that minimise |Aw - b|^2 + ridge |w|^2, the last one (the offset's) all but unpenalised. */
export function fitRidge(a: Matrix, b: readonly number[], ridge: number): number[] {
  const width = a[0]!.length;
  const normal = Array.from({ length: width }, (_, j) => {
    const line = Array.from({ length: width }, (_unused, k) => a.reduce((sum, row) => sum + row[j]! * row[k]!, 0));
    line[j]! += j === width - 1 ? 1e-6 : ridge;
    return [...line, a.reduce((sum, row, index) => sum + row[j]! * b[index]!, 0)];
  });
  // Gauss and Jordan; a positive definite matrix needs no pivots.
  for (let p = 0; p < width; p++) {
    const pivot = normal[p]!.map((value) => value / normal[p]![p]!);
    normal.forEach((line, at) => {
      const factor = line[p]!;
      normal[at] = at === p ? pivot : line.map((value, j) => value - factor * pivot[j]!);
    });
  }
  return normal.map((line) => line[width]!);
}

/** Moves the chosen columns to the target's mean and deviation. */
export function alignRows(rows: Matrix, target: Matrix, isMoved: (place: number) => boolean): Matrix {
  const moves = rows[0]!.map((_, place) => {
    const [from, to] = [momentsOf(columnOf(rows, place)), momentsOf(columnOf(target, place))];
    if (!isMoved(place) || from.deviation < 1e-6) return (value: number) => value;
    return (value: number) => ((value - from.mean) / from.deviation) * to.deviation + to.mean;
  });
  return rows.map((row) => row.map((value, place) => moves[place]!(value)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}
