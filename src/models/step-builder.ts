import { AristarchError } from '../base/errors.ts';
import { input } from '../graph/operations.ts';
import type { StateVariable } from '../graph/program.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Parameter, ParameterValues } from './layers/parameters.ts';
import type { Draw, InitialState, MakeDraw, TrainingTask } from './task.ts';

/**
 * Writes down one training step: variables are read and updated as in an ordinary program, noise is asked for where it is
 * needed, and `finish` turns all of it into a task. A step may update a variable many times (n_critic).
 */
export interface StepBuilder {
  /** The current value of a variable; the first call declares it, with zeros to start from unless it is a parameter. */
  read(name: string, shape: readonly number[]): Tensor;
  update(name: string, value: Tensor): void;
  /** The current values of what a network learns, and of what its layers keep. */
  readonly parameters: ParameterValues;
  /** Data that is the same in all steps. */
  shared(name: string, shape: readonly number[]): Tensor;
  normal(name: string, shape: readonly number[]): Tensor;
  uniform(name: string, shape: readonly number[]): Tensor;
  /** Whole numbers in [0, bound). */
  integers(name: string, shape: readonly number[], bound: number): Tensor;
  /** A scalar of the step's number; a rate is lowered after a divergence. */
  schedule(name: string, value: (step: number) => number, isRate: boolean): Tensor;
  /** Data that TypeScript makes for each step. */
  made(name: string, shape: readonly number[], make: MakeDraw): Tensor;
  report(name: string, value: Tensor): void;
  finish(task: Pick<TrainingTask, 'name' | 'title' | 'steps' | 'updatesPerStep' | 'remedy'>): TrainingTask;
}

type Variable = InitialState & { readonly input: Tensor<'input'>; value: Tensor };

export function createStepBuilder(): StepBuilder {
  const variables = new Map<string, Variable>();
  const shared: Tensor<'input'>[] = [];
  const draws: Draw[] = [];
  const reports: Record<string, Tensor> = {};

  const declare = ({ name, shape, ...rest }: InitialState): Variable => {
    const known = variables.get(name);
    if (known) return known;
    const start = input(name, shape);
    const variable = { name, shape, ...rest, input: start, value: start as Tensor };
    variables.set(name, variable);
    return variable;
  };
  const draw = (name: string, shape: readonly number[], rest: DrawKind): Tensor => {
    const tensor = input(name, shape);
    draws.push({ ...rest, input: tensor });
    return tensor;
  };

  return {
    read: (name, shape) => declare({ name, shape, deviation: 0, isParameter: false }).value,
    update: (name, value) => {
      const variable = variables.get(name);
      if (!variable) throw new AristarchError('INTERNAL', `${name} is updated but was never read`);
      variable.value = value;
    },
    parameters: ({ name, shape, deviation }: Parameter) => declare({ name, shape, deviation, isParameter: true }).value,
    shared: (name, shape) => {
      const tensor = input(name, shape);
      shared.push(tensor);
      return tensor;
    },
    normal: (name, shape) => draw(name, shape, { kind: 'normal' }),
    uniform: (name, shape) => draw(name, shape, { kind: 'uniform' }),
    integers: (name, shape, bound) => draw(name, shape, { kind: 'integers', bound }),
    schedule: (name, value, isRate) => draw(name, [], { kind: 'schedule', value, isRate }),
    made: (name, shape, make) => draw(name, shape, { kind: 'made', make }),
    report: (name, value) => {
      reports[name] = value;
    },
    finish: (task) => ({
      ...task,
      draws,
      initial: [...variables.values()].map(({ name, shape, deviation, isParameter }) => {
        return { name, shape, deviation, isParameter };
      }),
      program: {
        name: task.name,
        state: [...variables.values()].map((variable): StateVariable => ({
          input: variable.input,
          next: variable.value,
        })),
        shared,
        perStep: draws.map((each) => each.input),
        reports,
      },
    }),
  };
}

type DrawKind = Draw extends infer D ? (D extends Draw ? Omit<D, 'input'> : never) : never;
