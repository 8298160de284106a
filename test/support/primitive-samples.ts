import { createRandom } from '../../src/base/philox.ts';
import { constant, convolve, input } from '../../src/graph/operations.ts';
import { createTensor, type Extent, type Primitive, type Tensor } from '../../src/graph/tensor.ts';
import type { Doubles } from './reference.ts';

/** A use of a primitive: its operands with their values, and the tensor that it makes of them. */
export interface Sample {
  /** Values of the inputs, exact in float32 and away from the places where the primitive is not smooth. */
  readonly feeds: Readonly<Record<string, Doubles>>;
  readonly inputs: readonly Tensor<'input'>[];
  readonly output: Tensor;
  /** Inputs with respect to which it has a derivative; an index is none. */
  readonly differentiable: readonly Tensor<'input'>[];
}

/** A normal sample of a shape, by a name that seeds it. */
export function normal(name: string, ...shape: number[]): Doubles {
  const data = new Float32Array(shape.reduce((size, length) => size * length, 1));
  createRandom(7).stream(name).fillNormal(data, 0);
  // No closer to zero than 0.05, where abs, sign and the like are not smooth.
  return { shape, data: Float64Array.from(data, (x) => Math.fround(x + 0.05 * (x < 0 ? -1 : 1))) };
}

function positive(name: string, ...shape: number[]): Doubles {
  const { data } = normal(name, ...shape);
  return { shape, data: data.map((x) => Math.fround(Math.abs(x) + 0.1)) };
}

export function values(shape: readonly number[], ...data: number[]): Doubles {
  return { shape, data: Float64Array.from(data, Math.fround) };
}

/** A sample over the given operands, the first of which have derivatives. */
function sample(
  operands: readonly Doubles[],
  apply: (inputs: Tensor<'input'>[]) => Tensor,
  differentiable = operands.length,
): Sample {
  const inputs = operands.map(({ shape }, index) => input(`x${index}`, shape));
  return {
    feeds: Object.fromEntries(operands.map((operand, index) => [`x${index}`, operand])),
    inputs,
    output: apply(inputs),
    differentiable: inputs.slice(0, differentiable),
  };
}

type UnaryPrimitive = 'negate' | 'abs' | 'sign' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid';
type PlainPrimitive = UnaryPrimitive | 'softplus' | 'floor' | 'round' | 'isNaN' | 'detach';
type BinaryPrimitive = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'greater' | 'equal';

const unary = (primitive: PlainPrimitive, ...more: Doubles[]): readonly Sample[] =>
  [normal(primitive, 3, 4), ...more].map((x) => sample([x], ([a]) => createTensor(primitive, [a!], {})));

/** Equal shapes, and broadcasting both ways. */
const binary = (primitive: BinaryPrimitive, ...more: [Doubles, Doubles][]): readonly Sample[] =>
  [
    [normal(`${primitive}.a`, 3, 4), normal(`${primitive}.b`, 3, 4)],
    [normal(`${primitive}.c`, 2, 1, 4), normal(`${primitive}.d`, 3, 1)],
    [normal(`${primitive}.e`), normal(`${primitive}.f`, 5)],
    ...more,
  ].map((operands) => sample(operands, ([a, b]) => createTensor(primitive, [a!, b!], {})));

const matMul = (a: number[], b: number[], transposeA: boolean, transposeB: boolean): Sample =>
  sample([normal(`left ${a.join()}`, ...a), normal(`right ${b.join()}`, ...b)], ([left, right]) =>
    createTensor('matMul', [left!, right!], { transposeA, transposeB }),
  );

/** One operand; at a kink the value is defined and the derivative is not compared with differences. */
const one = (primitive: Primitive, x: Doubles, attributes: object, isKink = false): Sample =>
  sample([x], ([a]) => createTensor(primitive, [a] as never, attributes as never), isKink ? 0 : 1);
const kink = (primitive: Primitive, ...data: number[]): Sample =>
  one(primitive, values([data.length], ...data), {}, true);

const rowIndices = values([5], 2, 0, 2, 3, 2);

/**
 * Kernels that slide in all ways: alone, by strides that fit and that leave pixels unreached, larger than the stride and not,
 * without padding, and over images that are not square.
 */
const SLIDES: readonly Slide[] = [
  { image: [5, 4], kernel: [3, 3], stride: 1, padding: 1, places: [5, 4] },
  { image: [6, 4], kernel: [4, 4], stride: 2, padding: 1, places: [3, 2] },
  { image: [6, 5], kernel: [3, 3], stride: 2, padding: 1, places: [3, 3] },
  { image: [5, 5], kernel: [1, 1], stride: 1, padding: 0, places: [5, 5] },
  { image: [6, 7], kernel: [2, 3], stride: 3, padding: 0, places: [2, 2] },
  { image: [4, 4], kernel: [4, 4], stride: 1, padding: 0, places: [1, 1] },
];
interface Slide {
  readonly image: Extent;
  readonly kernel: Extent;
  readonly stride: number;
  readonly padding: number;
  readonly places: Extent;
}

/** Samples of every primitive; a primitive without any is a compile error. */
export const primitiveSamples: { readonly [P in Primitive]: readonly Sample[] } = {
  input: [sample([normal('input', 2, 3)], ([x]) => x!), sample([normal('scalar')], ([x]) => x!)],
  constant: [
    sample([], () => constant([1.5, -2, 0, 1e-20, 3e20, -0], [2, 3])),
    sample([], () => constant([1, 2, 3], [1, 3])),
  ],

  negate: unary('negate', normal('scalar')),
  abs: [...unary('abs'), kink('abs', 0)],
  sign: [...unary('sign'), kink('sign', 0, -1e-30)],
  exp: unary('exp', values([3], -80, 0, 80)),
  log: [sample([positive('log', 3, 4)], ([x]) => createTensor('log', [x!], {}))],
  sqrt: [sample([positive('sqrt', 3, 4)], ([x]) => createTensor('sqrt', [x!], {}))],
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh', values([2], -40, 40)),
  sigmoid: unary('sigmoid', values([2], -40, 40)),
  softplus: unary('softplus', values([6], -100, -20, -12, 12, 20, 100)),
  leakyRelu: [
    one('leakyRelu', normal('leakyRelu', 3, 4), { slope: 0.2 }),
    one('leakyRelu', normal('relu', 3, 4), { slope: 0 }),
    one('leakyRelu', values([2], 0, -1e-30), { slope: 0.2 }, true),
  ],
  leakySlope: [
    one('leakySlope', normal('leakySlope', 3, 4), { slope: 0.2 }),
    one('leakySlope', normal('reluSlope', 3, 4), { slope: 0 }),
    one('leakySlope', values([3], 0, 1e-30, -1e-30), { slope: 0.2 }, true),
  ],
  floor: [...unary('floor'), kink('floor', -1, 0, 2)],
  round: [
    ...unary('round', values([6], -1.25, -0.75, 0.25, 1.75, 2.25, 1e7)),
    kink('round', -2.5, -1.5, -0.5, 0.5, 1.5, 2.5),
  ],
  isNaN: unary('isNaN', values([4], NaN, 1, Infinity, -Infinity)),
  // By definition its derivative is not that of its value.
  detach: [sample([normal('detach', 3, 4)], ([x]) => createTensor('detach', [x!], {}), 0)],

  add: binary('add'),
  subtract: binary('subtract'),
  multiply: binary('multiply'),
  divide: binary('divide'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  greater: binary('greater'),
  equal: binary('equal', [values([4], 1, 2, 3, 4), values([4], 1, 7, 3, 9)]),
  select: [
    // The condition is no place for a derivative: it comes last here.
    sample(
      [normal('a', 3, 4), normal('b', 3, 4), values([3, 4], 1, 0, 0, 2, 1, 0, 1, 0, -1, 0, 0.5, 0)],
      ([a, b, condition]) => createTensor('select', [condition!, a!, b!], {}),
      2,
    ),
    sample(
      [normal('a', 4), normal('b'), values([3, 1], 1, 0, 1)],
      ([a, b, condition]) => createTensor('select', [condition!, a!, b!], {}),
      2,
    ),
  ],

  matMul: [
    matMul([3, 4], [4, 2], false, false),
    matMul([4, 3], [4, 2], true, false),
    matMul([3, 4], [2, 4], false, true),
    matMul([4, 3], [2, 4], true, true),
    matMul([5, 3, 4], [5, 4, 2], false, false),
    matMul([5, 4, 3], [5, 2, 4], true, true),
    matMul([2, 3, 4, 1], [2, 3, 5, 1], false, true),
  ],

  sum: [
    one('sum', normal('sum', 3, 4), { axes: [0, 1], keepDims: false }),
    one('sum', normal('sum', 3, 4), { axes: [1], keepDims: false }),
    one('sum', normal('sum', 2, 3, 4), { axes: [0, 2], keepDims: true }),
    one('sum', normal('sum', 3), { axes: [], keepDims: false }),
  ],
  max: [
    one('max', normal('max', 3, 4), { axis: 1 }),
    one('max', values([1, 4], 1, 3, 3, 2), { axis: 1 }, true),
    one('max', normal('max', 2, 3, 4), { axis: 0 }),
  ],
  argMax: [one('argMax', normal('argMax', 3, 4), { axis: 1 }), one('argMax', normal('argMax', 2, 3, 4), { axis: 0 })],

  reshape: [
    one('reshape', normal('reshape', 3, 4), { shape: [2, 6] }),
    one('reshape', normal('reshape', 1, 1), { shape: [] }),
  ],
  broadcastTo: [
    one('broadcastTo', normal('stretch', 3, 1), { shape: [2, 3, 4] }),
    one('broadcastTo', normal('stretch'), { shape: [3] }),
  ],
  transpose: [
    one('transpose', normal('turn', 3, 4), { permutation: [1, 0] }),
    one('transpose', normal('turn', 2, 3, 4), { permutation: [2, 0, 1] }),
  ],
  concat: [
    sample([normal('a', 3, 2), normal('b', 3, 1), normal('c', 3, 4)], (x) => createTensor('concat', x, { axis: 1 })),
    sample([normal('a', 3, 2), normal('b', 1, 2)], (x) => createTensor('concat', x, { axis: 0 })),
    sample([normal('a', 3)], (x) => createTensor('concat', x, { axis: 0 })),
  ],
  slice: [
    one('slice', normal('slice', 3, 4), { axis: 1, start: 1, end: 3 }),
    one('slice', normal('slice', 5, 2, 2), { axis: 0, start: 4, end: 5 }),
  ],
  pad: [
    one('pad', normal('pad', 3, 2), { axis: 1, before: 1, after: 2 }),
    one('pad', normal('pad', 2, 2, 2), { axis: 0, before: 0, after: 1 }),
  ],
  gatherRows: [
    sample([normal('table', 4, 3), rowIndices], ([table, i]) => createTensor('gatherRows', [table!, i!], {}), 1),
    sample([normal('table', 4), rowIndices], ([table, i]) => createTensor('gatherRows', [table!, i!], {}), 1),
  ],
  scatterRows: [
    sample([normal('rows', 5, 3), rowIndices], ([x, i]) => createTensor('scatterRows', [x!, i!], { rows: 4 }), 1),
    sample([normal('rows', 5, 2, 2), rowIndices], ([x, i]) => createTensor('scatterRows', [x!, i!], { rows: 4 }), 1),
  ],

  convolve: [
    ...SLIDES.map(({ image, kernel, stride, padding }) =>
      sample([normal('image', 2, 3, ...image), normal('kernel', 4, 3, ...kernel)], ([x, k]) =>
        convolve(x!, k!, { stride, padding }),
      ),
    ),
    // Channels that are no multiple of four, which WebGPU's kernel gets wrong.
    sample([normal('six channels', 2, 6, 4, 4), normal('six', 4, 6, 3, 3)], ([x, k]) =>
      convolve(x!, k!, { stride: 1, padding: 1 }),
    ),
  ],
  convolveTransposed: SLIDES.map(({ image, kernel, places, ...by }) =>
    sample([normal('places', 2, 4, ...places), normal('kernel', 4, 3, ...kernel)], ([y, k]) =>
      createTensor('convolveTransposed', [y!, k!], { stride: by.stride, padding: by.padding, size: image }),
    ),
  ),
  convolveKernel: SLIDES.map(({ image, kernel, places, ...by }) =>
    sample([normal('image', 2, 3, ...image), normal('places', 2, 4, ...places)], ([x, y]) =>
      createTensor('convolveKernel', [x!, y!], { stride: by.stride, padding: by.padding, size: kernel }),
    ),
  ),
  averagePool: [2, 3, 1].map((factor) => one('averagePool', normal('pool', 2, 3, 6, 6), { factor })),
  enlarge: [2, 3, 1].map((factor) => one('enlarge', normal('enlarge', 2, 3, 2, 3), { factor })),
  blur: [one('blur', normal('blur', 2, 3, 4, 5), {}), one('blur', normal('blur', 2, 1, 1, 2), {})],
};
