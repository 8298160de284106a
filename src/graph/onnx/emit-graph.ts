import type { Graph } from '../graph.ts';
import { topologicalOrder } from '../order.ts';
import { BATCH, type Shape } from '../shape.ts';
import { applyRule, type Tensor } from '../tensor.ts';
import { createBuilder, type Builder } from './builder.ts';
import { PORTABLE, type Dialect } from './dialect.ts';
import { onnxRules } from './emit-primitive.ts';
import { fusedProducts, type Fusions } from './fusions.ts';
import { encodeModel, type ValueInfo } from './model.ts';

/** A graph as the bytes of an ONNX file: its inputs and outputs keep their names. Equal graphs give equal bytes. */
export function emitGraph(graph: Graph, dialect: Dialect = PORTABLE): Uint8Array {
  const batched = graph.inputs.find(({ shape }) => shape.includes(BATCH));
  const builder = createBuilder({ batched: batched && batchAxis(batched), dialect });
  const outputs = Object.entries(graph.outputs);
  const results = outputs.map(([, tensor]) => tensor);
  emitTensors(topologicalOrder(results), new Set(results), builder);
  // An output may be an input, or share its tensor with another output: Identity gives each a name of its own.
  for (const [name, tensor] of outputs) builder.namedNode('Identity', [builder.nameOf(tensor)], [name]);
  return encodeModel({
    name: graph.name,
    nodes: builder.nodes,
    initializers: builder.initializers,
    inputs: graph.inputs.map(({ attributes, shape }) => floatInfo(attributes.name, shape)),
    outputs: outputs.map(([name, { shape }]) => floatInfo(name, shape)),
  });
}

/** Emits tensors in an order in which operands come first; the values of `kept` are needed for their own sake. */
export function emitTensors(order: readonly Tensor[], kept: ReadonlySet<Tensor>, to: Builder): void {
  const fused: Fusions = new Map([...fusedProducts({ order, kept }), ...to.dialect.fuse({ order, kept })]);
  const inner = new Set([...fused.values()].flatMap((fusion) => fusion.inner));
  for (const tensor of order) {
    if (inner.has(tensor)) continue;
    const emitted = fused.get(tensor)?.emit(to) ?? to.dialect.inOwnForm(tensor, to);
    to.setName(tensor, emitted ?? applyRule(onnxRules, tensor, to));
  }
}

export function floatInfo(name: string, shape: Shape): ValueInfo {
  return { name, elementType: 'float32', shape };
}

function batchAxis({ attributes, shape }: Tensor<'input'>): { name: string; axis: number } {
  return { name: attributes.name, axis: shape.indexOf(BATCH) };
}
