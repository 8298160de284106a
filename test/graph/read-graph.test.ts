import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { emitLoop } from '../../src/graph/onnx/emit-loop.ts';
import { encodeModel, type NodeMessage, type ValueInfo } from '../../src/graph/onnx/model.ts';
import { readGraph } from '../../src/graph/onnx/read-graph.ts';
import {
  add,
  broadcastTo,
  constant,
  input,
  leakyRelu,
  multiply,
  reshape,
  slice,
  sum,
} from '../../src/graph/operations.ts';
import { BATCH, batchTimes, shapeInCall } from '../../src/graph/shape.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { findDifferences } from '../support/arrays.ts';
import { weightedSum } from '../support/derivative-check.ts';
import { primitiveSamples, type Sample } from '../support/primitive-samples.ts';
import { evaluateReference, type Doubles } from '../support/reference.ts';

const samples = Object.entries(primitiveSamples).flatMap(([primitive, list]) =>
  list.map((sample, index) => ({ title: `${primitive}, sample ${index}`, sample })),
);

/** The value, and the derivative with respect to each input. */
function graphOf({ inputs, output, differentiable }: Sample): Graph {
  const derivatives = gradients(weightedSum(output), differentiable);
  const named = derivatives.map((each, index) => [`g${index}`, each] as const);
  return createGraph('sample', inputs, { y: output, ...(Object.fromEntries(named) as Record<string, Tensor>) });
}

const valuesOf = ({ outputs }: Graph, feeds: Readonly<Record<string, Doubles>>): Doubles[] =>
  evaluateReference(Object.values(outputs), feeds);

describe('a graph that is read back from its ONNX file', () => {
  it.each(samples)('computes what it did: $title', ({ sample }) => {
    const graph = graphOf(sample);
    const again = readGraph(emitGraph(graph));
    expect(again.inputs.map(({ attributes, shape }) => [attributes.name, shape])).toEqual(
      graph.inputs.map(({ attributes, shape }) => [attributes.name, shape]),
    );
    expect(Object.keys(again.outputs)).toEqual(Object.keys(graph.outputs));
    const [expected, actual] = [valuesOf(graph, sample.feeds), valuesOf(again, sample.feeds)];
    expect(expected.flatMap((each, index) => findDifferences(actual[index], each, 1e-6))).toEqual([]);
  });

  it('keeps the batch dimension and its multiples, whatever their length', () => {
    const rows = input('rows', [BATCH, 3]);
    const variants = multiply(reshape(rows, [BATCH, 1, 3]), constant([1, 2, 3, 4, 5, 6], [1, 2, 3]));
    const flat = add(
      reshape(variants, [batchTimes(2), 3]),
      broadcastTo(constant([1, 2, 3], [1, 3]), [batchTimes(2), 3]),
    );
    const graph = createGraph('variants', [rows], { y: reshape(sum(flat, [1]), [BATCH, 2]), flat });
    const again = readGraph(emitGraph(graph));
    const shapes = ({ outputs }: Graph) => Object.values(outputs).map(({ shape }) => shape);
    expect(shapes(again)).toEqual(shapes(graph));
    expect(shapeInCall(again.outputs['flat']!.shape, 5)).toEqual([10, 3]);
  });

  it('gives the same file again once it has been through', () => {
    const x = input('x', [BATCH, 4]);
    const graph = createGraph('file', [x], { y: leakyRelu(add(slice(x, 1, 0, 2), constant([1, 2], [2])), 0.2) });
    const once = emitGraph(simplify(graph));
    expect(Buffer.from(emitGraph(readGraph(once))).equals(Buffer.from(once))).toBe(true);
  });
});

describe('the comparison of graphs notices', () => {
  it('a graph that is read wrongly', () => {
    const { inputs, output, differentiable, feeds } = primitiveSamples.sigmoid[0]!;
    const other = graphOf({ inputs, output: multiply(output, 1.00001), differentiable, feeds });
    const [expected, actual] = [valuesOf(graphOf(primitiveSamples.sigmoid[0]!), feeds), valuesOf(other, feeds)];
    expect(expected.flatMap((each, index) => findDifferences(actual[index], each, 1e-6))).not.toEqual([]);
  });
});

describe('a file that is no graph of ours is refused', () => {
  const x: ValueInfo = { name: 'x', elementType: 'float32', shape: [2, 3] };
  const y: ValueInfo = { name: 'y', elementType: 'float32', shape: [2, 3] };
  const fileOf = (node: Partial<NodeMessage>, given: ValueInfo = x): Uint8Array =>
    encodeModel({
      name: 'foreign',
      nodes: [{ operator: 'Neg', inputs: ['x'], outputs: ['y'], attributes: {}, ...node }],
      initializers: [],
      inputs: [given],
      outputs: [y],
    });
  const twice = (operator: string): Partial<NodeMessage> => ({ operator, inputs: ['x', 'x'] });
  const imageFileOf = (node: Partial<NodeMessage>): Uint8Array => fileOf(node, { ...x, shape: [1, 1, 4, 4] });
  /** The file with other fields in its model and in its first node. */
  const changed = (onnx: Uint8Array, model: object, node: object = {}): Uint8Array => {
    const type = protobuf.parse(readFileSync('proto/onnx/onnx.proto', 'utf8')).root.lookupType('onnx.ModelProto');
    const { graph, ...rest } = type.toObject(type.decode(onnx)) as { graph: { node: object[] } };
    const nodes = [{ ...graph.node[0], ...node }];
    return type.encode(type.fromObject({ ...rest, ...model, graph: { ...graph, node: nodes } })).finish();
  };
  const [w] = [input('w', [1])];
  const loop = emitLoop({ name: 'l', state: [{ input: w, next: add(w, 1) }], shared: [], perStep: [], reports: {} });

  it.each<[string, Uint8Array, RegExp]>([
    ['bytes of something else', Uint8Array.of(1, 2, 3), /it is no ONNX file, or is cut off/],
    ['a file that is cut off', fileOf({}).subarray(0, 40), /it is no ONNX file, or is cut off/],
    ['an operator that we do not write', fileOf({ operator: 'Erf' }), /it has the operator Erf\. .*--device cpu/],
    ['a property of every object', fileOf({ operator: 'toString' }), /it has the operator toString/],
    ['a loop', loop, /int64|holds no floats/],
    ['a value that nothing gives', fileOf({ inputs: ['z'] }), /its operator Neg takes z, which nothing gives/],
    ['operands that do not fit', fileOf({ operator: 'Gemm', inputs: ['x', 'x'] }), /Gemm: cannot multiply \[2, 3\] by/],
    ['too few operands', fileOf({ operator: 'Add' }), /its operator Add takes 1 operands/],
    ['more than we write', fileOf({ operator: 'Max', inputs: ['x', 'x', 'x'] }), /its operator Max takes 3 operands/],
    [
      'a bias of its own',
      fileOf({ operator: 'ConvTranspose', inputs: ['x', 'x', 'x'] }),
      /ConvTranspose takes 3 operands/,
    ],
    [
      'padded means',
      imageFileOf({ operator: 'AveragePool', attributes: { pads: [1, 1, 1, 1] } }),
      /AveragePool has .* pads/,
    ],
    [
      'padding that is worked out',
      imageFileOf({ ...twice('Conv'), attributes: { auto_pad: { text: 'SAME_UPPER' } } }),
      /auto_pad/,
    ],
    ['dilations', imageFileOf({ ...twice('ConvTranspose'), attributes: { dilations: [2, 2] } }), /attribute dilations/],
    ['groups', imageFileOf({ ...twice('ConvTranspose'), attributes: { group: 3 } }), /attribute group/],
    [
      'another set of operators',
      changed(fileOf({}), { opsetImport: [{ version: 18 }] }),
      /ai\.onnx 18, and ours in ai\.onnx 17/,
    ],
    [
      'a second set',
      changed(fileOf({}), { opsetImport: [{ version: 17 }, { domain: 'com.x', version: 1 }] }),
      /com\.x 1/,
    ],
    ['a foreign operator of a known name', changed(fileOf({}), {}, { domain: 'com.x' }), /the operator Neg of com\.x/],
    ['another kind of operand', fileOf({ operator: 'Where', inputs: ['x', 'x', 'x'] }), /Where takes floats .*truth/],
    ['an open length', fileOf({}, { ...x, shape: ['rows', 3] }), /input x leaves a length open/],
    ['an output that nothing gives', fileOf({ outputs: ['other'] }), /its output y is no tensor of floats/],
  ])('%s', (_, onnx, message) => {
    expect(() => readGraph(onnx)).toThrow(expect.objectContaining({ code: 'ARTEFACT_INVALID' }));
    expect(() => readGraph(onnx)).toThrow(message);
  });
});
