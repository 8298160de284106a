import { shapeInCall, showShape } from '../../graph/shape.ts';
import type { PrimitiveTable, Tensor } from '../../graph/tensor.ts';
import { type ElementwiseKernel, PANELS, type ProductKernel } from './kernels.ts';
import { blocksOf, lengthOf, NotByRow, type Plan, type Step } from './plan.ts';

type Rule = (tensor: Tensor, plan: Plan) => void;

/** The kernel of that name, over the tensor's operands. */
const elementwise =
  (kernel: ElementwiseKernel, parameter?: (tensor: Tensor) => number): Rule =>
  (tensor, plan) => {
    const length = lengthOf(tensor.shape);
    const operands = tensor.inputs.map((operand) => plan.values(operand, length));
    if (parameter) operands.push(plan.constant(new Float32Array(length).fill(parameter(tensor))));
    const [a = 0, b = 0, c = 0] = operands;
    const out = plan.room(length);
    plan.step({ kernel, out, a, b, c, count: Math.ceil(length / 4) });
    plan.place(tensor, out);
  };

/** ONNX Runtime computes the last values by the C library where all rows together, an even number, are not made of whole vectors of four. */
const ofHalfVectors =
  (rule: Rule): Rule =>
  (tensor, plan) => {
    if (lengthOf(tensor.shape) % 2 !== 0) throw new NotByRow(`${tensor.primitive} of ${lengthOf(tensor.shape)} values`);
    rule(tensor, plan);
  };

const relu = elementwise('maximum', () => 0);
const leaky = elementwise('leakyRelu', (tensor) => slopeOf(tensor));
const slopeOf = (tensor: Tensor): number => (tensor as Tensor<'leakyRelu'>).attributes.slope;

/** The same values in the same order. */
const renamed: Rule = (tensor, plan) => {
  const [x] = tensor.inputs as readonly [Tensor];
  plan.place(tensor, plan.values(x, lengthOf(tensor.shape)));
};

/** Its bits are ONNX Runtime's own, or it needs more than a row. */
const never: Rule = ({ primitive }) => {
  throw new NotByRow(primitive);
};

const copy = (a: number, out: number, length: number): Step => ({
  kernel: 'copy',
  out,
  a,
  b: 0,
  c: 0,
  count: Math.ceil(length / 4),
});

/** Values of a tensor that is one row; of others, what lies side by side in a row lies apart. */
function rowOf({ primitive, shape }: Tensor): number {
  const length = lengthOf(shape);
  if (length !== shape.at(-1)) throw new NotByRow(`${primitive} of ${showShape(shape)}`);
  return length;
}

interface Product {
  readonly product: Tensor<'matMul'>;
  /** Address of what the product is added to. */
  readonly addend: number;
}

/** A row times constant weights. */
export function placeProduct(tensor: Tensor, { product, addend }: Product, plan: Plan): void {
  const [row, weights] = product.inputs;
  const { transposeA, transposeB } = product.attributes;
  if (transposeA || weights.primitive !== 'constant') throw new NotByRow('a product by something else than weights');
  const [inner, columns] = [rowOf(row), rowOf(product)];
  const kernel: ProductKernel = columns > PANELS.product ? 'products' : 'product';
  const { values } = (weights as Tensor<'constant'>).attributes;
  const [a, out] = [plan.values(row, inner), plan.room(columns)];
  plan.step(copy(addend, out, columns));
  for (const { from, rows, length, fill } of blocksOf(values, { inner, columns, transposed: transposeB }, kernel)) {
    const count = Math.ceil(columns / PANELS[kernel]);
    plan.step({ kernel, out, a: a + 4 * from, b: plan.filled(length, fill), c: rows, count });
  }
  plan.place(tensor, out);
}

/** How each primitive is computed for one row, to the bits of ONNX Runtime's. Operands have their place already. */
export const rowRules: PrimitiveTable<[Plan], void> = {
  input: never,
  /** Has a place when it is first asked for: weights lie elsewhere, in another order. */
  constant: () => undefined,

  negate: elementwise('negate'),
  abs: elementwise('abs'),
  sign: never,
  exp: never,
  log: never,
  sqrt: elementwise('sqrt'),
  sin: ofHalfVectors(elementwise('sin')),
  cos: ofHalfVectors(elementwise('cos')),
  tanh: never,
  sigmoid: never,
  softplus: never,
  leakyRelu: (tensor, plan) => (slopeOf(tensor) === 0 ? relu : leaky)(tensor, plan),
  leakySlope: never,
  floor: elementwise('floor'),
  round: elementwise('round'),
  isNaN: elementwise('isNaN'),
  detach: renamed,

  add: elementwise('add'),
  subtract: elementwise('subtract'),
  multiply: elementwise('multiply'),
  divide: elementwise('divide'),
  maximum: elementwise('maximum'),
  minimum: elementwise('minimum'),
  greater: elementwise('greater'),
  equal: elementwise('equal'),
  select: elementwise('select'),

  matMul: (tensor, plan) => {
    const zeros = plan.constant(new Float32Array(lengthOf(tensor.shape)));
    placeProduct(tensor, { product: tensor, addend: zeros }, plan);
  },

  sum: never,
  max: never,
  argMax: never,

  reshape: renamed,
  broadcastTo: renamed,
  transpose: (tensor, plan) => {
    // With one row, only what has one value in each but one of its axes keeps its order.
    if (Math.max(...shapeInCall(tensor.shape, 1)) !== lengthOf(tensor.shape)) never(tensor, plan);
    renamed(tensor, plan);
  },
  concat: (tensor, plan) => {
    // The last part's last vector may reach beyond the end.
    const out = plan.room(rowOf(tensor) + 3);
    let at = out;
    for (const operand of tensor.inputs) {
      const length = rowOf(operand);
      plan.step(copy(plan.values(operand, length), at, length));
      at += 4 * length;
    }
    plan.place(tensor, out);
  },
  slice: (tensor, plan) => {
    const {
      inputs: [x],
      attributes: { start },
    } = tensor;
    const length = rowOf(tensor);
    const out = plan.room(length);
    plan.step(copy(plan.values(x, rowOf(x)) + 4 * start, out, length));
    plan.place(tensor, out);
  },
  pad: never,
  gatherRows: (tensor, plan) => {
    const [table, indices] = tensor.inputs;
    const length = lengthOf(tensor.shape);
    const isList = lengthOf(table.shape) === shapeInCall(table.shape, 1)[0];
    if (!isList || indices.primitive !== 'constant') never(tensor, plan);
    const from = plan.values(table, lengthOf(table.shape));
    const out = plan.room(length + 3);
    (indices as Tensor<'constant'>).attributes.values.forEach((at, index) => {
      plan.step(copy(from + 4 * at, out + 4 * index, 1));
    });
    plan.place(tensor, out);
  },
  scatterRows: never,

  convolve: never,
  convolveTransposed: never,
  convolveKernel: never,
  averagePool: never,
  enlarge: never,
  blur: never,
};
