import type { Tensor } from './tensor.ts';

/** All tensors that the outputs need, operands first; the order depends on the graph alone. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  // An explicit stack: a deep graph must not overflow the call stack.
  const stack: { tensor: Tensor; next: number }[] = [];
  for (const output of outputs) {
    stack.push({ tensor: output, next: 0 });
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const operand = top.tensor.inputs[top.next++];
      if (done.has(top.tensor)) stack.pop();
      else if (!operand) {
        done.add(top.tensor);
        order.push(top.tensor);
        stack.pop();
      } else if (!done.has(operand)) stack.push({ tensor: operand, next: 0 });
    }
  }
  return order;
}
