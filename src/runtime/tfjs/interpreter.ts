import { AristarchError } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { topologicalOrder } from '../../graph/order.ts';
import { BATCH, isBatched } from '../../graph/shape.ts';
import { applyRule, type Tensor } from '../../graph/tensor.ts';
import { tfjsRules } from './kernels.ts';
import type { Tf, TfTensor } from './load.ts';

/** Computes a graph's outputs, an operation at a time. */
export interface Interpreter {
  /** The caller's are the inputs, and the outputs too. Throws `INTERNAL` where an input is absent. */
  run(inputs: ReadonlyMap<string, TfTensor>): Map<string, TfTensor>;
  /** Gives the constants back. */
  dispose(): void;
}

/**
 * What depends on no input - weights of a model - is computed once, here, and stays on the device; everything else goes as soon as
 * the last operation that needs it is done.
 */
export function createInterpreter(tf: Tf, graph: Graph): Interpreter {
  const order = topologicalOrder(Object.values(graph.outputs));
  const fixed = fixedTensors(order);
  const changing = order.filter((tensor) => !fixed.has(tensor));
  const constants = computeConstants(
    tf,
    graph,
    order.filter((tensor) => fixed.has(tensor)),
    changing,
  );
  const releases = lastUses(graph, changing, constants);
  const batched = graph.inputs.find(({ shape }) => shape.includes(BATCH));
  const run = (inputs: ReadonlyMap<string, TfTensor>): Record<string, TfTensor> => {
    const valueOf = (name: string): TfTensor => {
      const value = inputs.get(name);
      if (!value) throw new AristarchError('INTERNAL', `${graph.name} was run without its input ${name}`);
      return value;
    };
    const batch = batched ? (valueOf(batched.attributes.name).shape[batched.shape.indexOf(BATCH)] ?? 1) : 1;
    const values = new Map(constants);
    for (const tensor of changing) {
      const operands = tensor.inputs.map((operand) => values.get(operand)!);
      values.set(tensor, applyRule(tfjsRules, tensor, { tf, operands, valueOf, batch }));
      for (const done of releases.get(tensor) ?? []) values.get(done)!.dispose();
    }
    // Two outputs may be one tensor; clones share its data and are disposed of one by one.
    const outputs = Object.entries(graph.outputs).map(([name, tensor]) => [name, values.get(tensor)!.clone()]);
    return Object.fromEntries(outputs) as Record<string, TfTensor>;
  };
  return {
    run: (inputs) => new Map(Object.entries(tf.tidy(() => run(inputs)))),
    dispose: () => {
      for (const value of constants.values()) value.dispose();
      constants.clear();
    },
  };
}

/** Tensors whose value is the same in every run. */
function fixedTensors(order: readonly Tensor[]): Set<Tensor> {
  const fixed = new Set<Tensor>();
  for (const tensor of order) {
    const operands: readonly Tensor[] = tensor.inputs;
    const isFixed = tensor.primitive !== 'input' && !isBatched(tensor.shape);
    if (isFixed && operands.every((operand) => fixed.has(operand))) fixed.add(tensor);
  }
  return fixed;
}

/** The values of fixed tensors that are asked for by others, or are outputs. */
function computeConstants(
  tf: Tf,
  graph: Graph,
  fixed: readonly Tensor[],
  changing: readonly Tensor[],
): Map<Tensor, TfTensor> {
  const wanted = new Set<Tensor>([...Object.values(graph.outputs), ...changing.flatMap(({ inputs }) => [...inputs])]);
  const noInput = (): never => {
    throw new AristarchError('INTERNAL', `a constant of ${graph.name} asks for an input`);
  };
  const values = new Map<Tensor, TfTensor>();
  tf.tidy(() => {
    for (const tensor of fixed) {
      const operands = tensor.inputs.map((operand) => values.get(operand)!);
      values.set(tensor, applyRule(tfjsRules, tensor, { tf, operands, valueOf: noInput, batch: 1 }));
      if (wanted.has(tensor)) tf.keep(values.get(tensor)!);
    }
  });
  return new Map([...values].filter(([tensor]) => wanted.has(tensor)));
}

/** For each tensor, the operands that nothing needs after it. */
function lastUses(
  graph: Graph,
  changing: readonly Tensor[],
  constants: ReadonlyMap<Tensor, TfTensor>,
): Map<Tensor, Tensor[]> {
  const needed = new Set<Tensor>([...Object.values(graph.outputs), ...constants.keys()]);
  const releases = new Map<Tensor, Tensor[]>();
  for (const tensor of [...changing].reverse()) {
    const done = [...new Set<Tensor>(tensor.inputs)].filter((operand) => !needed.has(operand));
    if (done.length > 0) releases.set(tensor, done);
    done.forEach((operand) => needed.add(operand));
  }
  return releases;
}
