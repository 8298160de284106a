import { sameShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';

/**
 * The matrix products that can be computed together with the sum that follows them (a dense layer's bias, a gradient
 * that is added up): sum -> product. ONNX's Gemm does both in one pass over the result. `kept` are tensors whose value
 * is needed for its own sake.
 */
export function fusedProducts(order: readonly Tensor[], kept: ReadonlySet<Tensor>): Map<Tensor, Tensor<'matMul'>> {
  const here = new Set(order);
  const uses = new Map<Tensor, number>();
  for (const tensor of order) for (const operand of tensor.inputs) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  const fused = new Map<Tensor, Tensor<'matMul'>>();
  const isOnlyHere = (tensor: Tensor): boolean => here.has(tensor) && uses.get(tensor) === 1 && !kept.has(tensor);
  for (const tensor of order) {
    if (tensor.primitive !== 'add') continue;
    const product = tensor.inputs.find((operand, index) => {
      const other = tensor.inputs[1 - index];
      const isProduct = operand.primitive === 'matMul' && operand.shape.length === 2;
      return isProduct && isOnlyHere(operand) && other && stretchesTo(other.shape, operand.shape);
    });
    if (product) fused.set(tensor, product as unknown as Tensor<'matMul'>);
  }
  return fused;
}

/** Gemm's third operand: product + other. */
export function emitFused(tensor: Tensor, product: Tensor<'matMul'>, to: Builder): string {
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
