import { createGraph, type Graph } from '../../graph/graph.ts';
import { constant, equal, input, multiply, subtract } from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { rowWidth } from '../features/schema.ts';
import type { ParameterValues } from '../layers/parameters.ts';
import { averagedValues } from '../optimisers/weight-average.ts';
import { decodeRows, type Route } from './decode.ts';
import { encodeRows } from './encode.ts';
import { noiseWidth } from './head.ts';
import { beside, type RadialNetworks } from './networks.ts';
import type { Union } from './union.ts';

/**
 * Names in a translator's file: raw rows of the source [N, rowWidth], the index of each row's class [N, 1] where there are
 * more than one, and uniform noise in [0, 1) [N, noiseWidth] where flags or levels are drawn; raw rows of the target out.
 */
export const SOURCE_ROWS_INPUT = 'rows';
export const CLASS_INPUT = 'class';
export const NOISE_INPUT = 'noise';
export const TRANSLATED_OUTPUT = 'translated';

/** What translates: networks, their learnt values, and how they are used. */
export interface Translating {
  readonly networks: RadialNetworks;
  readonly learnt: Readonly<Record<string, Float32Array>>;
  /** Whether coders translate by the average of their weights. */
  readonly isAveraged: boolean;
  readonly classes: number;
  /** Whether flags and levels are drawn, by noise, and not the likeliest. */
  readonly drawn: boolean;
}

/** What translates raw rows of one source into raw rows of another, each in its own units. */
export function translatorGraph({ networks, learnt, isAveraged, classes, drawn }: Translating, route: Route): Graph {
  const { union, from, to } = route;
  const rows = input(SOURCE_ROWS_INPUT, [BATCH, rowWidth(union.sources[from]!.schema)]);
  const index = classes > 1 ? input(CLASS_INPUT, [BATCH, 1]) : null;
  const draws = noiseWidth(union);
  const noise = drawn && draws > 0 ? input(NOISE_INPUT, [BATCH, draws]) : null;
  const y = index && toClassColumns(index, classes);
  const of = (source: number): ParameterValues => {
    const values = member(learnt, source);
    return isAveraged ? averagedValues(values) : values;
  };
  const z = networks.encode(encodeRows(rows, union, from), y, of(from));
  const mask = constant(union.masks[to]!, [1, union.width]);
  const x = networks.decode(z, y, of(to), mask, noise);
  const inputs = [rows, index, noise].filter((each) => each !== null);
  return simplify(createGraph('translator', inputs, { [TRANSLATED_OUTPUT]: decodeRows(x, rows, route) }));
}

/** Raw rows of a source [N, rowWidth], and their classes [N, 1] where there are more than one, -> rows of the training table. */
export function tableGraph(union: Union, source: number, classes: number): Graph {
  const rows = input(SOURCE_ROWS_INPUT, [BATCH, rowWidth(union.sources[source]!.schema)]);
  const index = classes > 1 ? input(CLASS_INPUT, [BATCH, 1]) : null;
  const y = index && toClassColumns(index, classes);
  const table = beside(encodeRows(rows, union, source), y);
  return simplify(createGraph('table', index ? [rows, index] : [rows], { table }));
}

/** Columns that say a row's class: none for one class, -1 or 1 for two, an indicator for each of more. */
export const classWidthOf = (classes: number): number => (classes > 2 ? classes : classes - 1);

/** Class indices [n, 1] -> what networks see of them. */
function toClassColumns(index: Tensor, classes: number): Tensor {
  const width = classWidthOf(classes);
  if (width === 1) return subtract(multiply(index, 2), 1);
  const places = constant(
    Float32Array.from({ length: width }, (_, place) => place),
    [1, width],
  );
  return equal(index, places);
}

/** The weights of one of the networks of a bank: [members, in, out] -> [in, out]. */
function member(learnt: Readonly<Record<string, Float32Array>>, index: number): ParameterValues {
  return ({ name, shape: [, ...shape] }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return constant(learnt[name]!.subarray(index * size, (index + 1) * size), shape);
  };
}
