import type { Graph } from './graph.ts';
import { topologicalOrder } from './order.ts';
import { showShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

const LONGEST_CONSTANT = 4;

/** The graph as text, a line a tensor, for people and for snapshots: `%2 = matMul %0 %1 transposeB: [64, 1]`. */
export function printGraph(graph: Graph): string {
  const names = new Map<Tensor, string>();
  const lines = topologicalOrder(Object.values(graph.outputs)).map((tensor, index) => {
    names.set(tensor, `%${index}`);
    const operands = tensor.inputs.map((operand) => names.get(operand) ?? '?');
    const words = [tensor.primitive, ...operands, ...showAttributes(tensor)];
    return `  %${index} = ${words.join(' ')}: ${showShape(tensor.shape)}`;
  });
  const outputs = Object.entries(graph.outputs).map(([name, tensor]) => `${name}=${names.get(tensor) ?? '?'}`);
  return [`graph ${graph.name}`, ...lines, `  return ${outputs.join(', ')}`].join('\n');
}

function showAttributes({ primitive, attributes }: Tensor): string[] {
  if (primitive === 'reshape' || primitive === 'broadcastTo') return [];
  return Object.entries(attributes).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'shape' || value === false) return [];
    if (value === true) return [name];
    if (value instanceof Float32Array) return [showValues(value)];
    if (Array.isArray(value)) return [`${name}=[${value.join(', ')}]`];
    return [name === 'name' ? String(value) : `${name}=${String(value)}`];
  });
}

function showValues(values: Float32Array): string {
  const shown = [...values.subarray(0, LONGEST_CONSTANT)].map((value) => String(Number(value.toPrecision(6))));
  return shown.join(' ') + (values.length > LONGEST_CONSTANT ? ' ...' : '');
}
