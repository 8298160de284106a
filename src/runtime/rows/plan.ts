import type { InParts } from '../../base/in-parts.ts';
import { type Shape, shapeInCall } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { type KernelName, PANELS, type ProductKernel } from './kernels.ts';

/** A graph that cannot be computed row by row, to the bits of ONNX Runtime's: no fault, but a reason for people. */
export class NotByRow extends Error {}

/** One call of a kernel. */
export interface Step {
  readonly kernel: KernelName;
  readonly out: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly count: number;
}

/** Writes what is to lie in a room. */
export type Fill = (into: Float32Array) => InParts<void>;

/** What a row's computation needs in memory, and its steps. */
export interface Plan {
  /** The address of a tensor's values, which are `length` or one that is taken so many times; throws `NotByRow` for others. */
  readonly values: (tensor: Tensor, length: number) => number;
  /** Room for so many floats; its address. */
  readonly room: (length: number) => number;
  /** Room for so many floats, which will be there before the first step. */
  readonly filled: (length: number, fill: Fill) => number;
  /** Room with these values in it; what is left over at its end has the last one, so that nothing there overflows. */
  readonly constant: (values: Float32Array) => number;
  /** The tensor's values will be there. */
  readonly place: (tensor: Tensor, address: number) => void;
  readonly step: (step: Step) => void;
}

/** Values that the whole room's vectors are made of: those of the widest kernel. */
const ROOM = PANELS.products;
/** The first addresses are the kernels' own (`UNSURE_AT`). */
const FIRST = 4 * ROOM;

/** Larger critics than that there are none; a file that asks for more is not worth the time. */
const MOST_BYTES = 2 ** 26;

/** Elements of a tensor for one row. */
export const lengthOf = (shape: Shape): number =>
  shapeInCall(shape, 1).reduce((size, dimension) => size * dimension, 1);

export interface GrowingPlan extends Plan {
  readonly steps: readonly Step[];
  /** By address. */
  readonly fills: ReadonlyMap<number, { readonly length: number; readonly fill: Fill }>;
  /** Of all of it. */
  readonly bytes: () => number;
}

export function createPlan(): GrowingPlan {
  const steps: Step[] = [];
  const fills = new Map<number, { readonly length: number; readonly fill: Fill }>();
  const places = new Map<Tensor, number>();
  let end = FIRST;
  const room = (length: number): number => {
    const at = end;
    end += 4 * padded(length);
    if (end > MOST_BYTES) throw new NotByRow(`it needs more than ${MOST_BYTES} bytes`);
    return at;
  };
  const filled = (length: number, fill: Fill): number => {
    const at = room(length);
    fills.set(at, { length: padded(length), fill });
    return at;
  };
  const constant = (values: Float32Array): number =>
    filled(values.length, function* (into) {
      yield;
      into.set(values);
      into.fill(values.at(-1) ?? 0, values.length);
    });
  const values = (tensor: Tensor, length: number): number => {
    const own = lengthOf(tensor.shape);
    if (isConstant(tensor) && own === 1 && length > 1) {
      return constant(new Float32Array(length).fill(tensor.attributes.values[0]!));
    }
    if (own !== length) throw new NotByRow(`${tensor.primitive} of ${own} values is taken for ${length}`);
    if (isConstant(tensor) && !places.has(tensor)) places.set(tensor, constant(tensor.attributes.values));
    return places.get(tensor)!;
  };
  return {
    ...{ steps, fills, room, filled, constant, values },
    place: (tensor, address) => void places.set(tensor, address),
    step: (step) => void steps.push(step),
    // The last vector of a copy may begin before the end and reach beyond it.
    bytes: () => end + 4 * ROOM,
  };
}

const padded = (length: number): number => Math.ceil(length / ROOM) * ROOM;
const isConstant = (tensor: Tensor): tensor is Tensor<'constant'> => tensor.primitive === 'constant';

/** Rows of weights that one call of `products` takes. */
export interface WeightBlock {
  readonly from: number;
  readonly rows: number;
  /** Of its values, in the order in which the kernel reads them. */
  readonly length: number;
  readonly fill: Fill;
}

/** Weights [inner, columns] for the calls of a kernel. */
export function blocksOf(
  weights: Float32Array,
  { inner, columns, transposed }: { readonly inner: number; readonly columns: number; readonly transposed: boolean },
  kernel: ProductKernel,
): WeightBlock[] {
  const width = PANELS[kernel];
  const panels = Math.ceil(columns / width);
  const partRows = Math.ceil(PART_VALUES / columns);
  return Array.from({ length: Math.ceil(inner / BLOCK_ROWS) }, (_, block) => {
    const from = block * BLOCK_ROWS;
    const rows = Math.min(BLOCK_ROWS, inner - from);
    const fill: Fill = function* (into) {
      for (let row = 0; row < rows; row++) {
        if (row % partRows === 0) yield;
        for (let column = 0; column < columns; column++) {
          const inPanel = column % width;
          const value = transposed ? weights[column * inner + from + row] : weights[(from + row) * columns + column];
          into[(column - inPanel) * rows + row * width + inPanel] = value!;
        }
      }
    };
    return { from, rows, length: panels * rows * width, fill };
  });
}

/** Products that MLAS adds up before it adds the sum to the result: MLAS_SGEMM_PACKED_STRIDEK, 256. */
const BLOCK_ROWS = 256;
/** Values that are written at a time, about. */
const PART_VALUES = 2 ** 13;
