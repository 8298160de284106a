import { sameShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';
import type { Emitted } from './names.ts';

/** What is computed in one operator with the tensors before it, which are needed for nothing else. */
export interface Fusion {
  readonly inner: readonly Tensor[];
  readonly emit: (to: Builder) => Emitted;
}
export type Fusions = ReadonlyMap<Tensor, Fusion>;

/** A graph's tensors, operands first, and those whose value is needed for its own sake. */
export interface Order {
  readonly order: readonly Tensor[];
  readonly kept: ReadonlySet<Tensor>;
}

/** Whether a tensor is emitted here and used once, so that it may become part of what uses it. */
export function onlyUsedOnce({ order, kept }: Order): (tensor: Tensor) => boolean {
  const here = new Set(order);
  const uses = new Map<Tensor, number>();
  for (const tensor of order) for (const operand of tensor.inputs) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  return (tensor) => here.has(tensor) && uses.get(tensor) === 1 && !kept.has(tensor);
}

/**
 * The matrix products that can be computed together with the sum that follows them (a dense layer's bias, a gradient
 * that is added up). ONNX's Gemm does both in one pass over the result.
 */
export function fusedProducts(of: Order): Fusions {
  const isOnlyHere = onlyUsedOnce(of);
  const fused = new Map<Tensor, Fusion>();
  for (const tensor of of.order) {
    if (tensor.primitive !== 'add') continue;
    const product = tensor.inputs.find((operand, index) => {
      const other = tensor.inputs[1 - index];
      const isProduct = operand.primitive === 'matMul' && operand.shape.length === 2;
      return isProduct && isOnlyHere(operand) && other && stretchesTo(other.shape, operand.shape);
    }) as unknown as Tensor<'matMul'> | undefined;
    if (product) fused.set(tensor, { inner: [product], emit: (to) => emitFused(tensor, product, to) });
  }
  return fused;
}

/** Gemm's third operand: product + other. */
function emitFused(tensor: Tensor, product: Tensor<'matMul'>, to: Builder): string {
  const [a, b] = product.inputs;
  const { transposeA, transposeB } = product.attributes;
  const other = tensor.inputs.find((operand) => operand !== product) ?? product;
  return to.node('Gemm', [to.nameOf(a), to.nameOf(b), to.nameOf(other)], {
    transA: Number(transposeA),
    transB: Number(transposeB),
  });
}

/** Whether `shape` broadcasts to `target` without stretching the target. */
function stretchesTo(shape: Shape, target: Shape): boolean {
  if (shape.length > target.length) return false;
  const padded = [...Array<number>(target.length - shape.length).fill(1), ...shape];
  return sameShape(
    target,
    padded.map((dimension, axis) => (dimension === 1 ? target[axis]! : dimension)),
  );
}
