import { broadcastTo, constant, matMul, multiply, reshape, sum } from './operations.ts';
import { scalarRules } from './primitives/scalars.ts';
import { sameShape } from './shape.ts';
import { applyRule, withInputs, type Primitive, type Tensor } from './tensor.ts';

type Rewrite = (tensor: Tensor) => Tensor | null;

/** One step of simplification at the top of a tensor, or null where none applies. Shapes never change. */
export function rewrite(tensor: Tensor): Tensor | null {
  for (const rule of REWRITES) {
    const better = rule(tensor);
    if (better) return better;
  }
  return null;
}

/** The tensor as one of the given primitive, or null where it is another. */
function as<P extends Primitive>(tensor: Tensor, primitive: P): Tensor<P> | null {
  return tensor.primitive === primitive ? (tensor as unknown as Tensor<P>) : null;
}

/** The value of a constant that is the same everywhere, stretched or not; else null. */
function uniformValue(tensor: Tensor): number | null {
  const moved = as(tensor, 'broadcastTo') ?? as(tensor, 'reshape');
  if (moved) return uniformValue(moved.inputs[0]);
  const values = as(tensor, 'constant')?.attributes.values;
  return values?.length === 1 ? values[0]! : null;
}

const foldScalars: Rewrite = (tensor) => {
  if (tensor.inputs.length === 0) return null;
  const values = tensor.inputs.map(uniformValue);
  if (values.includes(null)) return null;
  const value = applyRule(scalarRules, tensor, values as number[]);
  return value === null ? null : constant(value, tensor.shape);
};

const dropNeutral: Rewrite = (tensor) => {
  const [a, b] = tensor.inputs;
  if (!a || !b) return null;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  const whole = (x: Tensor): Tensor => broadcastTo(x, tensor.shape);
  if (as(tensor, 'add')) return left === 0 ? whole(b) : right === 0 ? whole(a) : null;
  if (as(tensor, 'subtract')) return right === 0 ? whole(a) : null;
  if (as(tensor, 'divide')) return right === 1 ? whole(a) : null;
  if (!as(tensor, 'multiply')) return null;
  if (left === 0 || right === 0) return constant(0, tensor.shape);
  return left === 1 ? whole(b) : right === 1 ? whole(a) : null;
};

/** c1 (c2 x) = (c1 c2) x. */
const mergeScales: Rewrite = (tensor) => {
  const outer = scaleOf(tensor);
  const inner = outer && scaleOf(outer.of);
  return inner ? broadcastTo(multiply(inner.of, outer.by * inner.by), tensor.shape) : null;
};

function scaleOf(tensor: Tensor): { by: number; of: Tensor } | null {
  const negated = as(tensor, 'negate');
  if (negated) return { by: -1, of: negated.inputs[0] };
  const product = as(tensor, 'multiply');
  if (!product) return null;
  const [a, b] = product.inputs;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  if (left !== null) return { by: left, of: b };
  return right !== null ? { by: right, of: a } : null;
}

const ELEMENTWISE: ReadonlySet<Primitive> = new Set<Primitive>([
  'negate',
  'sqrt',
  'leakyRelu',
  'leakySlope',
  'add',
  'subtract',
  'multiply',
  'divide',
  'maximum',
  'minimum',
  'greater',
  'equal',
  'select',
]);

/** What works element by element is computed before stretching, not after. */
const stretchLate: Rewrite = (tensor) => {
  if (!ELEMENTWISE.has(tensor.primitive)) return null;
  const operands: readonly Tensor[] = tensor.inputs;
  const small = operands.map((operand) => as(operand, 'broadcastTo')?.inputs[0] ?? operand);
  if (small.every((operand, index) => operand === operands[index])) return null;
  return broadcastTo(withInputs(tensor, small), tensor.shape);
};

/** x + x = 2 x. */
const addTwice: Rewrite = (tensor) => {
  const [a, b] = tensor.inputs;
  return as(tensor, 'add') && a && a === b ? multiply(a, 2) : null;
};

/** The product with a matrix of equal numbers adds up the other's rows or columns, all alike. */
const productWithUniform: Rewrite = (tensor) => {
  const product = as(tensor, 'matMul');
  if (!product || tensor.shape.length !== 2) return null;
  const [a, b] = product.inputs;
  const { transposeA, transposeB } = product.attributes;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  const [m, n] = [tensor.shape[0]!, tensor.shape[1]!];
  const spread = (total: Tensor, value: number): Tensor => broadcastTo(multiply(total, value), tensor.shape);
  if (right !== null) return spread(reshape(sum(a, [transposeA ? 0 : 1]), [m, 1]), right);
  return left === null ? null : spread(reshape(sum(b, [transposeB ? 1 : 0]), [1, n]), left);
};

const mergeReshapes: Rewrite = (tensor) => {
  const reshaped = as(tensor, 'reshape');
  if (!reshaped) return null;
  const [x] = reshaped.inputs;
  if (sameShape(x.shape, tensor.shape)) return x;
  const value = uniformValue(x);
  if (value !== null) return constant(value, tensor.shape);
  const inner = as(x, 'reshape');
  return inner && reshape(inner.inputs[0], tensor.shape);
};

const mergeBroadcasts: Rewrite = (tensor) => {
  const inner = as(tensor, 'broadcastTo') && as(tensor.inputs[0]!, 'broadcastTo');
  return inner ? broadcastTo(inner.inputs[0], tensor.shape) : null;
};

const dropTranspose: Rewrite = (tensor) => {
  const transposed = as(tensor, 'transpose');
  const isNeutral = transposed?.attributes.permutation.every((axis, index) => axis === index) ?? false;
  return transposed && isNeutral ? transposed.inputs[0] : null;
};

/** A slice that is the whole, a padding with nothing, a concatenation of one. */
const dropWhole: Rewrite = (tensor) => {
  const part = as(tensor, 'slice') ?? as(tensor, 'pad') ?? as(tensor, 'concat');
  const [x] = part?.inputs ?? [];
  return x && part?.inputs.length === 1 && sameShape(x.shape, tensor.shape) ? x : null;
};

/** Parts of a tensor, put together again as they were. */
const joinParts: Rewrite = (tensor) => {
  const joined = as(tensor, 'concat');
  if (!joined) return null;
  const { axis } = joined.attributes;
  const parts = joined.inputs.map((part) => as(part, 'slice'));
  const whole = parts[0]?.inputs[0];
  if (!whole || !sameShape(whole.shape, tensor.shape)) return null;
  let end = 0;
  for (const part of parts) {
    if (part?.inputs[0] !== whole || part.attributes.axis !== axis || part.attributes.start !== end) return null;
    end = part.attributes.end;
  }
  return whole;
};

/** A sum over axes of length 1 only drops them. */
const dropSum: Rewrite = (tensor) => {
  const reduced = as(tensor, 'sum');
  if (!reduced) return null;
  const [x] = reduced.inputs;
  return reduced.attributes.axes.every((axis) => x.shape[axis] === 1) ? reshape(x, tensor.shape) : null;
};

/** a' b with one column in b is (b' a)': a row times a matrix is the faster kernel by far. */
const rowTimesMatrix: Rewrite = (tensor) => {
  const product = as(tensor, 'matMul');
  if (!product?.attributes.transposeA || tensor.shape.length !== 2 || tensor.shape[1] !== 1) return null;
  const [a, b] = product.inputs;
  return reshape(matMul(reshape(b, [1, a.shape[0]!]), a), tensor.shape);
};

/** [m, 1] times [1, n] is a product with broadcasting: no matrix product is needed. */
const outerProduct: Rewrite = (tensor) => {
  const product = as(tensor, 'matMul');
  if (!product) return null;
  const [a, b] = product.inputs;
  const [m, n] = tensor.shape;
  const inner = a.shape[product.attributes.transposeA ? 0 : 1];
  if (tensor.shape.length !== 2 || inner !== 1 || !m || !n) return null;
  return multiply(reshape(a, [m, 1]), reshape(b, [1, n]));
};

const REWRITES: readonly Rewrite[] = [
  foldScalars,
  dropNeutral,
  mergeScales,
  addTwice,
  stretchLate,
  mergeReshapes,
  mergeBroadcasts,
  dropTranspose,
  dropWhole,
  joinParts,
  dropSum,
  productWithUniform,
  outerProduct,
  rowTimesMatrix,
];
