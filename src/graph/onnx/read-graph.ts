import { z } from 'zod';
import { messageOf } from '../../base/errors.ts';
import { atOnce, type InParts } from '../../base/in-parts.ts';
import { createGraph, type Graph } from '../graph.ts';
import { constant, input } from '../operations.ts';
import type { Dimension } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { decodeModelInParts, ELEMENT_TYPE, OPERATOR_SET } from './model.ts';
import { NODE_FORMS, type Operator } from './node-forms.ts';
import { cannotRead, checkForm, createReadNode, floats, lengths, type Value } from './read-node.ts';
import { OPERATORS } from './read-operators.ts';

const list = <T extends z.ZodType>(each: T) => z.array(each).default([]);
const bytesSchema = z.instanceof(Uint8Array);
const valueSchema = z.object({
  name: z.string(),
  type: z.object({
    tensorType: z.object({
      elemType: z.number(),
      shape: z.object({ dim: list(z.object({ dimValue: z.number().optional(), dimParam: z.string().optional() })) }),
    }),
  }),
});
const tensorSchema = z.object({
  ...{ name: z.string(), dims: list(z.number()), dataType: z.number() },
  rawData: bytesSchema.default(new Uint8Array()),
});
const attributeSchema = z.object({
  ...{ name: z.string(), f: z.number().optional(), i: z.number().optional() },
  ...{ s: bytesSchema.optional(), ints: z.array(z.number()).optional() },
});
const nodeSchema = z.object({
  ...{ opType: z.string(), domain: z.string().default(''), input: list(z.string()), output: list(z.string()) },
  attribute: list(attributeSchema),
});
const modelSchema = z.object({
  opsetImport: list(z.object({ domain: z.string().default(''), version: z.number().default(0) })),
  graph: z.object({
    name: z.string().default(''),
    ...{ node: list(nodeSchema), initializer: list(tensorSchema) },
    ...{ input: list(valueSchema), output: z.array(valueSchema) },
  }),
});
export type ModelGraph = z.infer<typeof modelSchema>['graph'];
type Node = z.infer<typeof nodeSchema>;

/**
 * The graph of an ONNX file that `emitGraph` wrote, in our language again, for executors that know no ONNX: the same inputs,
 * outputs and values, if not the same primitives. Throws `ARTEFACT_INVALID` for what the language cannot say, such as a Loop, and
 * for what another program wrote in another form (node-forms.ts), rather than read it as something else.
 */
export function readGraph(onnx: Uint8Array): Graph {
  return atOnce(readGraphInParts(onnx));
}

/** The same, for a thread that has others to answer. */
export function* readGraphInParts(onnx: Uint8Array): InParts<Graph> {
  const graph = yield* parseModelInParts(onnx);
  const values = new Map<string, Value>();
  for (const each of graph.initializer) {
    yield;
    values.set(each.name, readInitializer(each));
  }
  const inputs = graph.input.map(readInput);
  for (const tensor of inputs) values.set(tensor.attributes.name, floats(tensor));
  for (const node of graph.node) {
    yield;
    readNode(node, values);
  }
  yield;
  const outputs = graph.output.map(({ name }): [string, Tensor] => {
    const value = values.get(name);
    if (value?.kind !== 'floats') throw cannotRead(`its output ${name} is no tensor of floats`);
    return [name, value.tensor];
  });
  return createGraph(graph.name, inputs, Object.fromEntries(outputs));
}

/** The messages of an ONNX file, checked. Throws `ARTEFACT_INVALID`. */
export function parseModel(onnx: Uint8Array): ModelGraph {
  return atOnce(parseModelInParts(onnx));
}

function* parseModelInParts(onnx: Uint8Array): InParts<ModelGraph> {
  const { opsetImport, graph } = yield* decoded(onnx);
  const sets = opsetImport.map(({ domain, version }) => `${domain === '' ? 'ai.onnx' : domain} ${version}`);
  if (sets.join() !== `ai.onnx ${OPERATOR_SET}`)
    throw cannotRead(
      `it is written in the operators of ${sets.join(', ') || 'no set'}, and ours in ai.onnx ${OPERATOR_SET}`,
    );
  return graph;
}

function* decoded(onnx: Uint8Array): InParts<z.infer<typeof modelSchema>> {
  try {
    const messages = yield* decodeModelInParts(onnx);
    yield;
    return modelSchema.parse(messages);
  } catch (thrown) {
    throw cannotRead('it is no ONNX file, or is cut off', thrown);
  }
}

function readInput({ name, type: { tensorType } }: ModelGraph['input'][number]): Tensor<'input'> {
  if (tensorType.elemType !== ELEMENT_TYPE.float32) throw cannotRead(`its input ${name} holds no floats`);
  const shape = tensorType.shape.dim.map(({ dimValue, dimParam }): Dimension => {
    const dimension = dimValue ?? dimParam;
    if (typeof dimension === 'number') return dimension;
    if (dimension !== undefined && /^N(\*\d+)?$/.test(dimension)) return dimension as Dimension;
    throw cannotRead(`its input ${name} leaves a length open that is not the batch's, N`);
  });
  return input(name, shape);
}

/** The lowest byte comes first, as in the processors that ONNX Runtime's package is made for. */
function readInitializer({ name, dims, dataType, rawData }: ModelGraph['initializer'][number]): Value {
  const count = dims.reduce((product, length) => product * length, 1);
  if (dataType === ELEMENT_TYPE.float32 && rawData.byteLength === 4 * count)
    return floats(constant(new Float32Array(new Uint8Array(rawData).buffer), dims));
  if (dataType === ELEMENT_TYPE.int64 && rawData.byteLength === 8 * count && dims.length <= 1)
    return lengths(Array.from(new BigInt64Array(new Uint8Array(rawData).buffer), Number));
  throw cannotRead(`its constant ${name} is neither floats nor a list of int64`);
}

/** Adds the value of a node to those that are known. */
function readNode({ opType, domain, input: names, output, attribute }: Node, values: Map<string, Value>): void {
  const operands = names.map((name) => {
    if (name === '') return undefined;
    const value = values.get(name);
    if (value === undefined) throw cannotRead(`its operator ${opType} takes ${name}, which nothing gives before it`);
    return value;
  });
  if (domain !== '' || !isOurs(opType) || output.length !== 1)
    throw cannotRead(`it has the operator ${domain === '' ? opType : `${opType} of ${domain}`}`);
  const attributes = new Map(attribute.map(({ name, ...value }) => [name, value]));
  checkForm(opType, NODE_FORMS[opType], names.length, attributes.keys());
  values.set(
    output[0]!,
    applied(opType, () => OPERATORS[opType](createReadNode(opType, operands, attributes))),
  );
}

const isOurs = (operator: string): operator is Operator => Object.hasOwn(OPERATORS, operator);

/** Operands that do not fit are a fault of the file, and not of ours. */
function applied(operator: string, read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    const message = messageOf(thrown);
    throw message.startsWith('graph: ') ? cannotRead(`its operator ${operator}: ${message.slice(7)}`, thrown) : thrown;
  }
}
