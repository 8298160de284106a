import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { z } from 'zod';
import { atOnce, type InParts } from '../../base/in-parts.ts';

/**
 * ONNX messages, as far as we write them, and their encoding. Operator set 17 and IR version 8: ONNX Runtime reads them
 * since 1.12, so every onnxruntime that is in use does, in Node, Python, Java and the browser.
 */
export const OPERATOR_SET = 17;
const IR_VERSION = 8;

export const ELEMENT_TYPE = { float32: 1, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

export interface ValueInfo {
  readonly name: string;
  readonly elementType: ElementType;
  /** A string is a symbolic dimension. */
  readonly shape: readonly (number | string)[];
}

export interface Initializer {
  readonly name: string;
  readonly elementType: 'float32' | 'int64' | 'bool';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export type NodeAttribute =
  | number
  | readonly number[]
  | GraphMessage
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly text: string };

export interface NodeMessage {
  readonly operator: string;
  /** Of operators that are an engine's own; without it ONNX's. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, NodeAttribute>>;
}

export interface GraphMessage {
  readonly name: string;
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** The bytes of an ONNX file. Equal graphs give equal bytes. */
export function encodeModel(graph: GraphMessage): Uint8Array {
  return modelType()
    .encode({
      irVersion: IR_VERSION,
      producerName: 'aristarch',
      opsetImport: [{ version: OPERATOR_SET }, ...[...domainsOf(graph)].map((domain) => ({ domain, version: 1 }))],
      graph: toGraph(graph),
    })
    .finish();
}

/** The domains of operators that are an engine's own, in the graph and in its loops' bodies. */
function domainsOf({ nodes }: GraphMessage): Set<string> {
  const isBody = (value: NodeAttribute): value is GraphMessage => typeof value === 'object' && 'nodes' in value;
  const bodies = nodes.flatMap(({ attributes }) => Object.values(attributes).filter(isBody));
  return new Set([...nodes.flatMap(({ domain }) => domain ?? []), ...bodies.flatMap((body) => [...domainsOf(body)])]);
}

/** The messages of an ONNX file as plain objects, as far as our contract knows them; whole numbers are numbers. */
export function decodeModel(onnx: Uint8Array): unknown {
  return atOnce(decodeModelInParts(onnx));
}

/** The same, for a thread that has others to answer: the first one of a process takes some milliseconds. */
export function* decodeModelInParts(onnx: Uint8Array): InParts<unknown> {
  const type = modelType();
  yield;
  const model = type.decode(onnx);
  yield;
  return type.toObject(model, { longs: Number });
}

/** What stands in place of a node: nodes in order, and the constants that they use. */
export type Replacement = Pick<GraphMessage, 'nodes' | 'initializers'>;

/** The bytes of a file of ours with other nodes in place of some, in order; the same bytes where none is replaced. */
export function replaceNodes(onnx: Uint8Array, replace: (node: FoundNode) => Replacement | undefined): Uint8Array {
  const type = modelType();
  const model = fileSchema.parse(type.toObject(type.decode(onnx)));
  const found = model.graph.node.map((node) => ({ node, other: replace({ ...node, operator: node.opType }) }));
  const replaced = found.flatMap(({ other }) => other ?? []);
  if (replaced.length === 0) return onnx;
  const node = found.flatMap(({ node: old, other }) => (other ? other.nodes.map(toNode) : [old]));
  const initializer = [
    ...model.graph.initializer,
    ...replaced.flatMap(({ initializers }) => initializers.map(toTensor)),
  ];
  return type.encode(type.fromObject({ ...model, graph: { ...model.graph, node, initializer } })).finish();
}

const fileSchema = z.looseObject({
  graph: z.looseObject({
    node: z.array(z.looseObject({ opType: z.string(), input: z.array(z.string()), output: z.array(z.string()) })),
    initializer: z.array(z.looseObject({})).default([]),
  }),
});
interface FoundNode {
  readonly operator: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
}

function modelType(): protobuf.Type {
  return (readType ??= readModelType());
}

/** Once for a process: what is made of the contract, and compiled for it, takes longer than a model's file does. */
let readType: protobuf.Type | undefined;

function readModelType(): protobuf.Type {
  const text = readFileSync(new URL('../../../proto/onnx/onnx.proto', import.meta.url), 'utf8');
  return protobuf.parse(text).root.lookupType('onnx.ModelProto');
}

function toGraph(graph: GraphMessage): object {
  return {
    name: graph.name,
    node: graph.nodes.map(toNode),
    initializer: graph.initializers.map(toTensor),
    input: graph.inputs.map(toValueInfo),
    output: graph.outputs.map(toValueInfo),
  };
}

function toTensor({ name, elementType, shape, bytes }: Initializer): object {
  return { name, dataType: ELEMENT_TYPE[elementType], dims: shape, rawData: bytes };
}

function toNode({ operator, domain, inputs, outputs, attributes }: NodeMessage): object {
  return {
    ...(domain !== undefined && { domain }),
    opType: operator,
    name: outputs[0],
    input: inputs,
    output: outputs,
    attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...toAttribute(value) })),
  };
}

const ATTRIBUTE_TYPE = { float: 1, integer: 2, text: 3, graph: 5, floats: 6, integers: 7 } as const;

function toAttribute(value: NodeAttribute): object {
  if (typeof value === 'number') return { type: ATTRIBUTE_TYPE.integer, i: value };
  if ('float' in value) return { type: ATTRIBUTE_TYPE.float, f: value.float };
  if ('floats' in value) return { type: ATTRIBUTE_TYPE.floats, floats: value.floats };
  if ('text' in value) return { type: ATTRIBUTE_TYPE.text, s: Buffer.from(value.text) };
  if ('nodes' in value) return { type: ATTRIBUTE_TYPE.graph, g: toGraph(value) };
  return { type: ATTRIBUTE_TYPE.integers, ints: value };
}

function toValueInfo({ name, elementType, shape }: ValueInfo): object {
  const dim = shape.map((dimension) =>
    typeof dimension === 'string' ? { dimParam: dimension } : { dimValue: dimension },
  );
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[elementType], shape: { dim } } } };
}
