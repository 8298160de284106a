import { createGraph, type Graph } from './graph.ts';
import { topologicalOrder } from './order.ts';
import { rewrite } from './rewrites.ts';
import { withInputs, type Tensor } from './tensor.ts';

const LARGE = 64;

/**
 * The same computation with less work: constants folded, neutral operations dropped, shared subexpressions computed
 * once, and nothing kept that no output needs. Values change at most by rounding.
 */
export function simplify(graph: Graph): Graph {
  const known = new Map<string, Tensor>();
  const identities = new Map<Tensor, number>();
  const result = new Map<Tensor, Tensor>();

  const share = (tensor: Tensor): Tensor => {
    const key = keyOf(tensor, identities);
    const first = known.get(key);
    if (first) return first;
    known.set(key, tensor);
    identities.set(tensor, identities.size);
    return tensor;
  };
  // A rewrite may make new tensors below the top one; they are simplified and shared in turn.
  const settle = (tensor: Tensor): Tensor => {
    const shared = share(
      withInputs(
        tensor,
        tensor.inputs.map((operand) => (identities.has(operand) ? operand : settle(operand))),
      ),
    );
    const better = rewrite(shared);
    return better ? settle(better) : shared;
  };

  for (const tensor of topologicalOrder(Object.values(graph.outputs))) {
    result.set(
      tensor,
      settle(
        withInputs(
          tensor,
          tensor.inputs.map((operand) => result.get(operand) ?? operand),
        ),
      ),
    );
  }
  const outputs = Object.entries(graph.outputs).map(([name, tensor]) => [name, result.get(tensor) ?? tensor]);
  return createGraph(graph.name, graph.inputs, Object.fromEntries(outputs) as Record<string, Tensor>);
}

/** Equal keys mean equal values. Inputs are known by name, small constants by value, large ones by identity. */
function keyOf(tensor: Tensor, identities: Map<Tensor, number>): string {
  const operands = tensor.inputs.map((operand) => identities.get(operand) ?? '?');
  const showValue = (_: string, value: unknown): unknown => {
    if (!(value instanceof Float32Array)) return value;
    // As text, since JSON has no NaN, no infinities and no -0.
    return value.length > LARGE ? (identities.get(tensor) ?? identities.size) : Array.from(value, showNumber).join();
  };
  return `${tensor.primitive}(${operands.join()})${JSON.stringify(tensor.attributes, showValue)}`;
}

const showNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
