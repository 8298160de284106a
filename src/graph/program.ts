import { AristarchError } from '../base/errors.ts';
import { createGraph, type Graph } from './graph.ts';
import { simplify } from './simplify.ts';
import type { Tensor } from './tensor.ts';

/** A tensor that is carried from one step to the next. */
export interface StateVariable {
  readonly input: Tensor<'input'>;
  /** Its value after the step. */
  readonly next: Tensor;
}

/**
 * One training step as a graph, so that many can run without coming back to JavaScript: `state` is carried along,
 * `shared` is the same in all steps (the data), `perStep` is new in each (noise, row indices, learning rate), and
 * `reports` are scalars worth knowing of each step (losses).
 */
export interface StepProgram {
  readonly name: string;
  readonly state: readonly StateVariable[];
  readonly shared: readonly Tensor<'input'>[];
  readonly perStep: readonly Tensor<'input'>[];
  readonly reports: Readonly<Record<string, Tensor>>;
}

/** The step as a plain graph: outputs `state.NAME` and `report.NAME`. Simplified, and checked. */
export function stepGraph(program: StepProgram): Graph {
  const state = program.state.map(({ input: { attributes }, next }) => [stateName(attributes.name), next] as const);
  const reports = Object.entries(program.reports).map(([name, value]) => [reportName(name), value] as const);
  for (const [name, { shape }] of reports) {
    if (shape.length > 0) throw new AristarchError('INTERNAL', `graph: ${name} must be a scalar`);
  }
  const inputs = [...program.state.map((variable) => variable.input), ...program.shared, ...program.perStep];
  return simplify(createGraph(program.name, inputs, Object.fromEntries([...state, ...reports])));
}

export const stateName = (name: string): string => `state.${name}`;
export const reportName = (name: string): string => `report.${name}`;
