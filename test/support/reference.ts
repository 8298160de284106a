import { topologicalOrder } from '../../src/graph/order.ts';
import { broadcastShapes, isBatched, shapeInCall } from '../../src/graph/shape.ts';
import { applyRule, type PrimitiveTable, type Sliding, type Tensor } from '../../src/graph/tensor.ts';

/** Numbers in double precision, in rows. */
export interface Doubles {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Index = readonly number[];

/**
 * The values of tensors, computed in double precision, slowly and by definition: the oracle for both engines, and what
 * the derivative checker measures with, since central differences need more digits than float32 has.
 */
export function evaluateReference(outputs: readonly Tensor[], feeds: Readonly<Record<string, Doubles>>): Doubles[] {
  const values = new Map<Tensor, Doubles>();
  for (const tensor of topologicalOrder(outputs)) {
    const operands = tensor.inputs.map((operand) => values.get(operand)!);
    values.set(tensor, applyRule(referenceRules, tensor, operands, feeds));
  }
  return outputs.map((output) => values.get(output)!);
}

/** An array whose value at each index is given. */
export function build(shape: readonly number[], valueAt: (index: Index) => number): Doubles {
  const data = new Float64Array(shape.reduce((size, length) => size * length, 1));
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    data[at] = valueAt(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}

/** The value at an index of a shape that the array broadcasts to. */
function at({ shape, data }: Doubles, index: Index): number {
  const skipped = index.length - shape.length;
  const position = shape.reduce(
    (sofar, length, axis) => sofar * length + (length === 1 ? 0 : index[axis + skipped]!),
    0,
  );
  return data[position]!;
}

const replaced = (index: Index, axis: number, value: number): number[] =>
  index.map((old, each) => (each === axis ? value : old));
const withLength = replaced;
const truth = (condition: boolean): number => (condition ? 1 : 0);

type Rule = (tensor: object, operands: readonly Doubles[], feeds: Readonly<Record<string, Doubles>>) => Doubles;

const unary =
  (compute: (x: number) => number): Rule =>
  (_, [x]) => ({ shape: x!.shape, data: x!.data.map(compute) });
const binary =
  (compute: (a: number, b: number) => number): Rule =>
  (_, [a, b]) => {
    const shape = broadcastShapes(a!.shape, b!.shape) as number[];
    return build(shape, (index) => compute(at(a!, index), at(b!, index)));
  };

function halfToEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : rounded;
}

/** [first index, value] of the largest along an axis. */
function largest(x: Doubles, index: Index, axis: number): [number, number] {
  let best: [number, number] = [0, at(x, replaced(index, axis, 0))];
  for (let i = 1; i < x.shape[axis]!; i++) {
    const value = at(x, replaced(index, axis, i));
    if (value > best[1]) best = [i, value];
  }
  return best;
}

const referenceRules: PrimitiveTable<[readonly Doubles[], Readonly<Record<string, Doubles>>], Doubles> = {
  input: ({ attributes: { name } }, _, feeds) => feeds[name]!,
  constant: ({ attributes }) => ({
    shape: attributes.shape as readonly number[],
    data: Float64Array.from(attributes.values),
  }),

  negate: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  leakyRelu: ({ attributes: { slope } }, [x]) => ({ ...x!, data: x!.data.map((v) => (v > 0 ? v : slope * v)) }),
  leakySlope: ({ attributes: { slope } }, [x]) => ({ ...x!, data: x!.data.map((v) => (v > 0 ? 1 : slope)) }),
  floor: unary(Math.floor),
  round: unary(halfToEven),
  isNaN: unary((x) => truth(Number.isNaN(x))),
  detach: unary((x) => x),

  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  greater: binary((a, b) => truth(a > b)),
  equal: binary((a, b) => truth(a === b)),
  select: (_, [condition, a, b]) => {
    const shape = broadcastShapes(condition!.shape, broadcastShapes(a!.shape, b!.shape)) as number[];
    return build(shape, (index) => (at(condition!, index) === 0 ? at(b!, index) : at(a!, index)));
  },

  matMul: ({ attributes: { transposeA, transposeB } }, [a, b]) => {
    const rank = a!.shape.length;
    const oriented = (x: Doubles, transposed: boolean): [number, number] =>
      transposed ? [x.shape[rank - 1]!, x.shape[rank - 2]!] : [x.shape[rank - 2]!, x.shape[rank - 1]!];
    const [m, k] = oriented(a!, transposeA);
    const n = oriented(b!, transposeB)[1];
    return build([...a!.shape.slice(0, -2), m, n], (index) => {
      const group = index.slice(0, -2);
      const [row, column] = [index.at(-2)!, index.at(-1)!];
      let total = 0;
      for (let i = 0; i < k; i++) {
        const left = at(a!, [...group, ...(transposeA ? [i, row] : [row, i])]);
        total += left * at(b!, [...group, ...(transposeB ? [column, i] : [i, column])]);
      }
      return total;
    });
  },

  sum: ({ attributes: { axes, keepDims } }, [x]) => {
    const kept = build(
      x!.shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
      () => 0,
    );
    build(x!.shape, (index) => {
      const position = kept.shape.reduce(
        (sofar, length, axis) => sofar * length + (length === 1 ? 0 : index[axis]!),
        0,
      );
      return (kept.data[position]! += at(x!, index));
    });
    return keepDims ? kept : { ...kept, shape: x!.shape.filter((_, axis) => !axes.includes(axis)) };
  },
  max: ({ attributes: { axis } }, [x]) => build(withLength(x!.shape, axis, 1), (index) => largest(x!, index, axis)[1]),
  argMax: ({ attributes: { axis } }, [x]) =>
    build(withLength(x!.shape, axis, 1), (index) => largest(x!, index, axis)[0]),

  reshape: ({ attributes: { shape } }, [x]) => {
    const perRow = shapeInCall(shape, 1).reduce((size, length) => size * length, 1);
    return { ...x!, shape: shapeInCall(shape, isBatched(shape) ? x!.data.length / perRow : 1) };
  },
  broadcastTo: ({ attributes: { shape } }, [x]) => build(shape as number[], (index) => at(x!, index)),
  transpose: ({ attributes: { permutation } }, [x]) => {
    const shape = permutation.map((axis) => x!.shape[axis]!);
    return build(shape, (index) => {
      const source = x!.shape.map((_, axis) => index[permutation.indexOf(axis)]!);
      return at(x!, source);
    });
  },
  concat: ({ attributes: { axis } }, operands) => {
    const total = operands.reduce((length, { shape }) => length + shape[axis]!, 0);
    return build(withLength(operands[0]!.shape, axis, total), (index) => {
      let offset = index[axis]!;
      const part = operands.find(({ shape }) => offset < shape[axis]! || ((offset -= shape[axis]!), false))!;
      return at(part, replaced(index, axis, offset));
    });
  },
  slice: ({ attributes: { axis, start, end } }, [x]) =>
    build(withLength(x!.shape, axis, end - start), (index) => at(x!, replaced(index, axis, index[axis]! + start))),
  pad: ({ attributes: { axis, before, after } }, [x]) => {
    const length = x!.shape[axis]!;
    return build(withLength(x!.shape, axis, before + length + after), (index) => {
      const place = index[axis]! - before;
      return place >= 0 && place < length ? at(x!, replaced(index, axis, place)) : 0;
    });
  },
  gatherRows: (_, [table, indices]) =>
    build([indices!.shape[0]!, ...table!.shape.slice(1)], (index) =>
      at(table!, [indices!.data[index[0]!]!, ...index.slice(1)]),
    ),
  scatterRows: ({ attributes: { rows } }, [updates, indices]) =>
    build([rows, ...updates!.shape.slice(1)], (index) => {
      let total = 0;
      indices!.data.forEach((row, place) => {
        if (row === index[0]) total += at(updates!, [place, ...index.slice(1)]);
      });
      return total;
    }),

  convolve: ({ shape, attributes }, [x, kernel]) =>
    build(shapeInCall(shape, x!.shape[0]!), ([image, out, row, column]) =>
      sumOver(kernel!.shape.slice(1), ([into, i, j]) => {
        const pixel = under(x!, [image!, into!, row!, column!], [i!, j!], attributes);
        return pixel * at(kernel!, [out!, into!, i!, j!]);
      }),
    ),
  convolveTransposed: ({ shape, attributes }, [y, kernel]) => {
    const result = build(shapeInCall(shape, y!.shape[0]!), () => 0);
    build([...y!.shape, ...kernel!.shape.slice(1)], ([image, out, row, column, into, i, j]) => {
      const place = [image!, into!, ...pixelUnder([row!, column!], [i!, j!], attributes)];
      const value = at(y!, [image!, out!, row!, column!]) * at(kernel!, [out!, into!, i!, j!]);
      if (isInside(result, place)) result.data[positionOf(result, place)]! += value;
      return 0;
    });
    return result;
  },
  convolveKernel: ({ shape, attributes }, [x, y]) =>
    build(shape as number[], ([out, into, i, j]) =>
      sumOver([y!.shape[0]!, ...y!.shape.slice(2)], ([image, row, column]) => {
        const pixel = under(x!, [image!, into!, row!, column!], [i!, j!], attributes);
        return pixel * at(y!, [image!, out!, row!, column!]);
      }),
    ),
  averagePool: ({ shape, attributes: { factor } }, [x]) =>
    build(shapeInCall(shape, x!.shape[0]!), ([image, channel, row, column]) => {
      const pixel = ([i, j]: Index) => at(x!, [image!, channel!, row! * factor + i!, column! * factor + j!]);
      return sumOver([factor, factor], pixel) / factor ** 2;
    }),
  enlarge: ({ shape, attributes: { factor } }, [x]) =>
    build(shapeInCall(shape, x!.shape[0]!), ([image, channel, row, column]) =>
      at(x!, [image!, channel!, Math.floor(row! / factor), Math.floor(column! / factor)]),
    ),
  blur: (_, [x]) =>
    build(x!.shape, (index) =>
      sumOver([3, 3], ([i, j]) => {
        const weight = [1, 2, 1][i!]! * [1, 2, 1][j!]!;
        return (weight / 16) * under(x!, index, [i!, j!], { stride: 1, padding: 1 });
      }),
    ),
};

/** The sum of a function over all indices of a shape. */
const sumOver = (shape: readonly number[], valueAt: (index: Index) => number): number =>
  build(shape, valueAt).data.reduce((total, value) => total + value, 0);

/** Where a pixel of the kernel lies on the image when the kernel is at a place. */
const pixelUnder = (place: Index, [i, j]: Index, { stride, padding }: Sliding): [number, number] => [
  place[0]! * stride + i! - padding,
  place[1]! * stride + j! - padding,
];

const isInside = ({ shape }: Doubles, index: Index): boolean =>
  index.every((value, axis) => value >= 0 && value < shape[axis]!);
const positionOf = ({ shape }: Doubles, index: Index): number =>
  shape.reduce((sofar, length, axis) => sofar * length + index[axis]!, 0);

/** The pixel under a place of the kernel; 0 outside. */
function under(x: Doubles, [image, channel, row, column]: Index, inside: Index, by: Sliding): number {
  const place = [image!, channel!, ...pixelUnder([row!, column!], inside, by)];
  return isInside(x, place) ? at(x, place) : 0;
}
