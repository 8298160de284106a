import { giveBack } from '../../base/give-back.ts';
import type { Random } from '../../base/philox.ts';
import { TRAINING_ROWS } from '../../models/critics/critic-plan.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { Executor, NamedArrays, NumberArray } from '../../runtime/executor.ts';
import { createDraws, type DrawSteps } from './draws.ts';
import type { StateValues } from './state.ts';

/** What computes the steps of a task: here, or in a thread of its own. */
export interface TaskSteps {
  /** Answers `state.NAME` after the last step and `report.NAME`, a value for each step. */
  run(part: StepsPart): Promise<NamedArrays>;
  close(): Promise<void>;
}

/** Steps `stepsDone` .. `stepsDone + count - 1`, from where the state stands. */
export interface StepsPart {
  readonly stepsDone: number;
  readonly count: number;
  readonly state: StateValues;
  /** Factor on the learning rate. */
  readonly rateFactor: number;
}

export interface TaskStepsOptions {
  readonly executor: Executor;
  readonly task: TrainingTask;
  /** The compact training rows, for a task that shares them. */
  readonly table?: NumberArray;
  readonly random: Random;
  /** Draws of steps, where these are not made here. */
  readonly draws?: DrawAhead;
}

/** As `DrawSteps`, elsewhere. */
export type DrawAhead = (...part: Parameters<DrawSteps>) => Promise<NamedArrays>;

/** Compiles the step of a task, and draws what it needs. */
export async function openTaskSteps({
  executor,
  task,
  table,
  random,
  draws: elsewhere,
}: TaskStepsOptions): Promise<TaskSteps> {
  const session = await executor.compileSteps(task.program);
  const draws = elsewhere ?? createDraws(task, random);
  return {
    run: async ({ stepsDone, count, state, rateFactor }) => {
      const drawn = await draws(stepsDone, count, rateFactor);
      const results = await session.run(count, {
        ...stateFeeds(task, state),
        ...(table && { [TRAINING_ROWS]: table }),
        ...drawn,
      });
      giveBack(Object.values(drawn)); // up to 256 MB a call, which would pile up
      return results;
    },
    close: () => session.close(),
  };
}

function stateFeeds(task: TrainingTask, state: StateValues): NamedArrays {
  return Object.fromEntries(task.initial.map(({ name, shape }) => [name, { data: state[name]!, shape }]));
}
