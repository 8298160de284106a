import { encodeModel, ELEMENT_TYPE, type NodeAttribute, type NodeMessage } from '../../src/graph/onnx/model.ts';
import { parseModel, type ModelGraph } from '../../src/graph/onnx/read-graph.ts';

type Node = ModelGraph['node'][number];

/** What of a scoring graph is computed in half precision. */
export const SCOPES = {
  whole: 'everything, the raw row too',
  products: 'all matrix products and activations',
  layers: 'the same but for the products that become sines and cosines',
} as const;
export type Scope = keyof typeof SCOPES;
/** Whether a device would compute in half precision, or single precision is rounded to it after each operation. */
export type Manner = 'computed' | 'rounded';

const FLOAT16 = 10;
const PRODUCTS = ['Gemm', 'MatMul', 'LeakyRelu', 'Relu'];
const NOT_FLOATS = ['Shape', 'IsNaN', 'Equal', 'Greater', 'ArgMax'];

/**
 * An ONNX file with a part of it in half precision. Rounded, each operand and each result of that part is cast to float16 and back, by
 * nodes of their own, which ONNX Runtime keeps; the operation itself sums in single precision, as the units of GPUs do.
 */
export function toHalf(onnx: Uint8Array, scope: Scope, manner: Manner): Uint8Array {
  const graph = parseModel(onnx);
  const floats = findFloats(graph);
  const chosen = new Set(graph.node.filter((node) => isIn(scope, node, graph, floats)));
  const [operandCasts, resultCasts] =
    manner === 'computed' ? [[FLOAT16], [ELEMENT_TYPE.float32]] : [ROUND_TRIP, ROUND_TRIP];
  const nodes: NodeMessage[] = [];
  const halved = new Map<string, string>();
  const cast = (name: string, types: readonly number[], last: string): void => {
    types.forEach((to, at) => {
      const [from, into] = [at === 0 ? name : `${last}.${at - 1}`, at === types.length - 1 ? last : `${last}.${at}`];
      nodes.push({ operator: 'Cast', inputs: [from], outputs: [into], attributes: { to } });
    });
  };
  const halfOf = (name: string): string => {
    if (!floats.has(name)) return name;
    const known = halved.get(name) ?? `${name}.half`;
    if (!halved.has(name)) cast(name, operandCasts, known);
    halved.set(name, known);
    return known;
  };
  for (const node of graph.node) {
    if (!chosen.has(node)) {
      nodes.push(toMessage(node));
      continue;
    }
    const [output = ''] = node.output;
    nodes.push({ ...toMessage(node), inputs: node.input.map(halfOf), outputs: [`${output}.raw`] });
    cast(`${output}.raw`, resultCasts, output);
  }
  return encodeModel({ name: graph.name, nodes, ...boundaries(graph) });
}

const ROUND_TRIP: readonly number[] = [FLOAT16, ELEMENT_TYPE.float32];

function isIn(scope: Scope, node: Node, { node: all }: ModelGraph, floats: ReadonlySet<string>): boolean {
  const [output = ''] = node.output;
  // A cast has its type written in it, and a choice its condition.
  if (scope === 'whole') return floats.has(output) && node.opType !== 'Cast' && node.opType !== 'Resize';
  if (!PRODUCTS.includes(node.opType)) return false;
  const isAngle = all.some(({ opType, input }) => input.includes(output) && /^(Sin|Cos)$/.test(opType));
  return scope === 'products' || !isAngle;
}

/** Names of the values that are floats. */
function findFloats({ input, initializer, node }: ModelGraph): Set<string> {
  const floats = new Set(input.map(({ name }) => name));
  for (const { name, dataType } of initializer) if (dataType === ELEMENT_TYPE.float32) floats.add(name);
  for (const { opType, input: operands, output, attribute } of node) {
    const to = attribute.find(({ name }) => name === 'to')?.i;
    const carrier = operands[opType === 'Where' ? 1 : 0] ?? '';
    const isFloat =
      opType === 'Cast' ? to === ELEMENT_TYPE.float32 : !NOT_FLOATS.includes(opType) && floats.has(carrier);
    if (isFloat) output.forEach((name) => floats.add(name));
  }
  return floats;
}

function toMessage({ opType, input, output, attribute }: Node): NodeMessage {
  const attributes = attribute.map(({ name, f, i, s, ints }): [string, NodeAttribute] => [
    name,
    ints ?? (f === undefined ? (s === undefined ? (i ?? 0) : { text: Buffer.from(s).toString() }) : { float: f }),
  ]);
  return { operator: opType, inputs: input, outputs: output, attributes: Object.fromEntries(attributes) };
}

function boundaries({ input, output, initializer }: ModelGraph) {
  const info = ({ name, type: { tensorType } }: ModelGraph['input'][number]) => ({
    name,
    elementType: 'float32' as const,
    shape: tensorType.shape.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam ?? ''),
  });
  const nameOf = (dataType: number) => (dataType === ELEMENT_TYPE.int64 ? ('int64' as const) : ('float32' as const));
  return {
    inputs: input.map(info),
    outputs: output.map(info),
    initializers: initializer.map(({ name, dims, dataType, rawData }) => ({
      ...{ name, shape: dims, bytes: rawData },
      elementType: nameOf(dataType),
    })),
  };
}
