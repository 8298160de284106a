import fc from 'fast-check';
import * as op from '../../src/graph/operations.ts';
import { AristarchError } from '../../src/base/errors.ts';
import { sizeOf } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';

/** Makes a tensor of two others; throws where their shapes do not fit. */
type Make = (a: Tensor, b: Tensor) => Tensor;

/** Continuous operations, with the special cases that simplification looks for. */
const MAKES: readonly Make[] = [
  (a, b) => op.add(a, b),
  (a, b) => op.subtract(a, b),
  (a, b) => op.multiply(a, b),
  (a, b) => op.divide(a, op.add(op.square(b), 1)),
  (a, b) => op.maximum(a, b),
  (a, b) => op.minimum(a, b),
  (a, b) => op.matMul(a, b),
  (a, b) => op.matMul(a, b, true, false),
  (a, b) => op.matMul(a, b, false, true),
  (a, b) => op.concat([a, b], 0),
  (a, b) => op.broadcastTo(a, b.shape),
  (a) => op.matMul(a, op.constant(0.5, [Number(a.shape[1]), 1])),
  (a) => op.matMul(a, op.constant(2, [5, Number(a.shape[1])]), false, true),
  (a) => op.matMul(op.constant(2, [Number(a.shape[0]), 2]), a, true),
  (a) => op.matMul(op.constant(-1, [2, Number(a.shape[1])]), a, false, true),
  (a) => op.matMul(a, op.constant([1, 2, 3], [3, 1]), true),
  (a) => op.matMul(op.reshape(a, [sizeOf(a.shape), 1]), op.constant([1, -2], [1, 2])),
  (a) => op.add(a, a),
  (a) => op.add(a, 0),
  (a) => op.multiply(1, a),
  (a) => op.multiply(a, 0),
  (a) => op.multiply(op.multiply(a, 3), -0.5),
  (a) => op.divide(a, 1),
  (a) => op.negate(op.negate(a)),
  (a) => op.multiply(op.negate(a), 2),
  (a) => op.tanh(a),
  (a) => op.sin(a),
  (a) => op.sigmoid(op.negate(a)),
  (a) => op.softplus(a),
  (a) => op.sqrt(op.add(op.abs(a), 1)),
  (a) => op.leakyRelu(a, 0.2),
  (a) => op.leakyRelu(op.broadcastTo(a, [2, ...a.shape]), 0),
  (a) => op.sum(a, [0]),
  (a) => op.sum(a, [a.shape.length - 1], true),
  (a) => op.mean(a),
  (a) => op.max(a, 0),
  (a) => op.reshape(a, [sizeOf(a.shape)]),
  (a) => op.reshape(a, [1, sizeOf(a.shape), 1]),
  (a) => op.reshape(op.reshape(a, [sizeOf(a.shape)]), a.shape),
  (a) => op.transpose(op.transpose(a)),
  (a) => op.transpose(a),
  (a) => op.slice(a, 0, 0, Number(a.shape[0])),
  (a) => op.slice(a, 0, 1, 2),
  (a) => op.pad(a, 0, 1, 0),
  (a) => op.pad(a, 0, 0, 0),
  (a) => op.concat([a], 0),
  (a) => op.detach(a),
  (a) => op.multiply(op.constant(2, a.shape), op.add(op.constant(1, a.shape), 3)),
];

/** Keeps values in a range in which rounding stays small. */
const LARGEST = 400;

export const inputs = [op.input('x', [3, 4]), op.input('y', [4]), op.input('z', [3, 1])] as const;

/** Outputs that a random program computes from `inputs` and small constants. */
export const randomOutputs: fc.Arbitrary<Record<string, Tensor>> = fc
  .array(fc.tuple(fc.nat(MAKES.length - 1), fc.nat(), fc.nat()), { minLength: 5, maxLength: 40 })
  .map((choices) => {
    const pool: Tensor[] = [...inputs, op.constant(0.25), op.constant(1, [3, 4]), op.constant([1, 2, 3, 4], [4])];
    for (const [make, a, b] of choices) {
      const made = attempt(MAKES[make]!, pool[a % pool.length]!, pool[b % pool.length]!);
      if (made && sizeOf(made.shape) <= LARGEST) pool.push(op.tanh(made), made);
    }
    const made = pool.slice(-6);
    return Object.fromEntries(made.map((tensor, index) => [`out${index}`, tensor]));
  });

function attempt(make: Make, a: Tensor, b: Tensor): Tensor | null {
  try {
    return make(a, b);
  } catch (thrown) {
    // Shapes that do not fit, or no axis of that number; anything else is a fault.
    if (thrown instanceof AristarchError && thrown.message.startsWith('graph:')) return null;
    throw thrown;
  }
}
