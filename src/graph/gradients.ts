import { add, broadcastTo, constant } from './operations.ts';
import { topologicalOrder } from './order.ts';
import { derivativeRules, unbroadcast } from './primitives/derivatives.ts';
import { applyRule, type Tensor } from './tensor.ts';

/**
 * Derivatives of the sum of `y` with respect to each of `xs`, as tensors of the language, so that they can be
 * differentiated again. Each x may be any tensor that `y` was computed from; one that it does not depend on gets zeros.
 *
 * Reverse mode: Griewank and Walther, "Evaluating Derivatives", 2008, section 3.2.
 */
export function gradients(y: Tensor, xs: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder([y]);
  const needed = dependents(order, xs);
  const derivative = new Map<Tensor, Tensor>([[y, constant(1, y.shape)]]);
  for (const tensor of order.reverse()) {
    const g = derivative.get(tensor);
    if (!g || !needed.has(tensor)) continue;
    const pullbacks = applyRule(derivativeRules, tensor);
    tensor.inputs.forEach((operand, index) => {
      const pullback = pullbacks[index];
      if (!pullback || !needed.has(operand)) return;
      const contribution = unbroadcast(pullback(g), operand.shape);
      const sofar = derivative.get(operand);
      derivative.set(operand, sofar ? add(sofar, contribution) : contribution);
    });
  }
  return xs.map((x) => broadcastTo(derivative.get(x) ?? constant(0), x.shape));
}

/** The tensors that depend on any of `xs`, these included. */
function dependents(order: readonly Tensor[], xs: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>(xs);
  for (const tensor of order) if (tensor.inputs.some((operand) => found.has(operand))) found.add(tensor);
  return found;
}
