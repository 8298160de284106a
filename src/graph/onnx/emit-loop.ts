import { topologicalOrder } from '../order.ts';
import { reportName, stateName, stepGraph, type StepProgram } from '../program.ts';
import type { Shape } from '../shape.ts';
import { packState, type Pack } from './pack-state.ts';
import type { Tensor } from '../tensor.ts';
import { createBuilder, type Builder } from './builder.ts';
import { PORTABLE, type Dialect } from './dialect.ts';
import { emitTensors, floatInfo } from './emit-graph.ts';
import { encodeModel, type GraphMessage, type ValueInfo } from './model.ts';

/** Name of the input that says how many steps to run: int64, a scalar. */
export const STEP_COUNT = 'steps';
const STEPS = 'K';

/**
 * K training steps as one ONNX `Loop`. Inputs: `steps`, the state, the shared data, and each per-step input with one
 * more axis in front, K long. Outputs: `state.NAME` after the last step and `report.NAME`, a value for each step.
 */
export function emitLoop(given: StepProgram, dialect: Dialect = PORTABLE): Uint8Array {
  const { program, packs } = packState(given);
  const graph = stepGraph(program);
  const order = topologicalOrder(Object.values(graph.outputs));
  const changing = changingTensors(order, program);
  const outer = createBuilder({ dialect });
  // What is the same in every step is computed once, outside.
  const kept = new Set(Object.values(graph.outputs));
  emitTensors(
    order.filter((tensor) => !changing.has(tensor)),
    kept,
    outer,
  );
  const condition = outer.node('Cast', [outer.integers([1], [])], { to: 9 });
  const body = emitBody(
    program,
    graph.outputs,
    order.filter((tensor) => changing.has(tensor)),
    outer,
  );
  const states = program.state.map(({ input }) => input.attributes.name);
  const reports = Object.keys(program.reports);
  const starts = new Map(packs.map((pack) => [pack.whole.attributes.name, pack]));
  const operands = states.map((name) => {
    const pack = starts.get(name);
    return pack ? joinParts(pack, outer) : name;
  });
  outer.namedNode(
    'Loop',
    [STEP_COUNT, condition, ...operands],
    [...states.map(stateName), ...reports.map(reportName)],
    {
      body,
    },
  );
  for (const pack of packs) takeApart(pack, outer);
  return encodeModel({
    name: program.name,
    nodes: outer.nodes,
    initializers: outer.initializers,
    inputs: [
      { name: STEP_COUNT, elementType: 'int64', shape: [] },
      ...[...given.state.map(({ input }) => input), ...program.shared].map(inputInfo),
      ...program.perStep.map(({ attributes, shape }) => manyInfo(attributes.name, shape)),
    ],
    outputs: [
      ...given.state.map(({ input }) => floatInfo(stateName(input.attributes.name), input.shape)),
      ...reports.map((name) => manyInfo(reportName(name), [])),
    ],
  });
}

/** What the loop begins with of variables that it carries as one. */
function joinParts({ parts }: Pack, to: Builder): string {
  const flat = parts.map(({ input, start, end }) => {
    return to.node('Reshape', [input.attributes.name, to.integers([end - start])]);
  });
  return to.node('Concat', flat, { axis: 0 });
}

/** Each of them, by its own name, after the loop. */
function takeApart({ whole, parts }: Pack, to: Builder): void {
  for (const { input, start, end } of parts) {
    const range = [start, end, 0].map((value) => to.integers([value]));
    const part = to.node('Slice', [stateName(whole.attributes.name), ...range]);
    const shape = to.integers(input.shape as readonly number[]);
    to.namedNode('Reshape', [part, shape], [stateName(input.attributes.name)]);
  }
}

function emitBody(
  program: StepProgram,
  outputs: Readonly<Record<string, Tensor>>,
  order: readonly Tensor[],
  outer: Builder,
): GraphMessage {
  const body = outer.inner('.b');
  for (const input of program.perStep) {
    body.setName(input, body.node('Gather', [input.attributes.name, '.step'], { axis: 0 }));
  }
  for (const { input } of program.state) body.setName(input, `b.${input.attributes.name}`);
  emitTensors(
    order.filter((tensor) => tensor.primitive !== 'input'),
    new Set(Object.values(outputs)),
    body,
  );
  body.namedNode('Identity', ['.condition'], ['.again']);
  for (const [name, tensor] of Object.entries(outputs))
    body.namedNode('Identity', [body.nameOf(tensor)], [`b.${name}`]);
  const bool = (name: string): ValueInfo => ({ name, elementType: 'bool', shape: [] });
  return {
    name: `${program.name}.step`,
    nodes: body.nodes,
    initializers: body.initializers,
    inputs: [
      { name: '.step', elementType: 'int64', shape: [] },
      bool('.condition'),
      ...program.state.map(({ input }) => floatInfo(`b.${input.attributes.name}`, input.shape)),
    ],
    outputs: [bool('.again'), ...Object.entries(outputs).map(([name, { shape }]) => floatInfo(`b.${name}`, shape))],
  };
}

/** The tensors whose value differs from step to step. */
function changingTensors(order: readonly Tensor[], program: StepProgram): Set<Tensor> {
  const changing = new Set<Tensor>([...program.state.map(({ input }) => input), ...program.perStep]);
  for (const tensor of order) if (tensor.inputs.some((operand) => changing.has(operand))) changing.add(tensor);
  return changing;
}

const inputInfo = ({ attributes, shape }: Tensor<'input'>): ValueInfo => floatInfo(attributes.name, shape);
const manyInfo = (name: string, shape: Shape): ValueInfo => ({
  name,
  elementType: 'float32',
  shape: [STEPS, ...shape],
});
