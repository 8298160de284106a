import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { multiply, square, sum } from '../../../src/graph/operations.ts';
import { TRAINING_ROWS } from '../../../src/models/critics/critic-plan.ts';
import { updateParameters } from '../../../src/models/optimisers/optimiser.ts';
import { createStepBuilder } from '../../../src/models/step-builder.ts';
import type { TrainingTask } from '../../../src/models/task.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { findDivergence } from '../../../src/training/steps/divergence.ts';
import { runTask, type TaskProgress } from '../../../src/training/steps/run-task.ts';

const calm = Array.from({ length: 300 }, (_, step) => Math.sin(step));
const good = { w: Float32Array.of(1, 2) };

describe('the check for divergence', () => {
  it('is content with losses of any usual size, also with the first ones', () => {
    expect(findDivergence({ loss: calm }, { loss: [3, -40, 900] }, good)).toBeNull();
    expect(findDivergence({ loss: [] }, { loss: [9000, 1] }, good)).toBeNull();
    // A large penalty makes a large first loss.
    expect(findDivergence({ loss: [] }, { loss: [2e9, 1e9] }, good)).toBeNull();
    expect(findDivergence({ loss: [2e9, 1e9] }, { loss: [3e9] }, good)).toBeNull();
    expect(findDivergence({ loss: calm.map((value) => value * 1000) }, { loss: [5e5] }, good)).toBeNull();
  });

  it.each([
    ['NaN', [1, NaN, 2], 'loss is NaN'],
    ['infinity', [1, -Infinity], 'loss is -Infinity'],
    ['an explosion', [1, 2e4], 'loss is 20000'],
  ])('finds %s, and the step', (_, loss, reason) => {
    expect(findDivergence({ loss: calm }, { loss }, good)).toEqual({ step: 1, reason });
  });

  it.each([
    [0, [NaN]],
    [0, [Infinity, 1]],
    [1, [1, 1e6]],
    [1, [2e9, 3e12]],
  ])('finds step %i of %j in the first call of all, where nothing is usual yet', (step, loss) => {
    expect(findDivergence({ loss: [] }, { loss }, good)).toMatchObject({ step });
  });

  it('finds a loss that grew too slowly to be an explosion', () => {
    const growing = Array.from({ length: 3000 }, (_, step) => 1.01 ** step);
    const at = growing.findIndex(
      (_, step) => findDivergence({ loss: growing.slice(0, step) }, { loss: [growing[step]!] }, good) !== null,
    );
    expect(growing[at]).toBeGreaterThan(1e8);
    expect(growing[at]).toBeLessThan(1.1e8);
  });

  it('finds a state that is not finite behind losses that are', () => {
    const state = { ...good, v: Float32Array.of(0, Infinity) };
    expect(findDivergence({ loss: calm }, { loss: [1] }, state)).toEqual({ step: 0, reason: 'v is not finite' });
  });
});

/** Gradient descent on w^4 from w = 1, at a rate that Adam's first step multiplies: explodes above a certain rate. */
function quarticTask(rate: number): TrainingTask {
  const step = createStepBuilder();
  step.shared(TRAINING_ROWS, [1, 1]);
  const parameter = { name: 'w', shape: [4], deviation: 1 };
  const w = step.parameters(parameter);
  const loss = sum(multiply(square(w), square(w)));
  step.report('loss', loss);
  const adam = { kind: 'adam', beta1: 0, beta2: 0, epsilon: 1, learningRate: () => rate } as const;
  updateParameters(step, adam, { name: 'adam', loss, parameters: [parameter], update: (at) => at + 1e6 });
  return step.finish({ name: 'quartic', title: 'quartic', steps: 60, updatesPerStep: 1, remedy: 'Lower --rate' });
}

describe('a task that diverges', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  });
  afterAll(() => executor.close());

  const run = async (rate: number): Promise<{ seen: TaskProgress[]; end: TaskProgress }> => {
    const seen: TaskProgress[] = [];
    const end = await runTask({
      ...{ executor, task: quarticTask(rate), random: createRandom(1), stepsPerCall: 5 },
      table: { data: Float32Array.of(0), shape: [1, 1] },
      onProgress: (progress) => {
        seen.push(progress);
        return Promise.resolve('continue');
      },
    });
    return { seen, end };
  };

  it('is left alone where it does not', async () => {
    const { end } = await run(0.05);
    expect(end).toMatchObject({ stepsDone: 60, rateFactor: 1, rollbacks: [] });
  });

  it('goes back to the last good state at half the learning rate, and says so', async () => {
    const { seen, end } = await run(90);
    expect(end.rollbacks.length).toBeGreaterThan(0);
    expect(end.rateFactor).toBe(0.5 ** end.rollbacks.length);
    expect(end.rollbacks[0]!.reason).toMatch(/^loss is /);
    expect(end.stepsDone).toBe(60);
    expect(end.history['loss']).toHaveLength(60);
    expect(Object.values(end.state).every((values) => values.every(Number.isFinite))).toBe(true);
    expect(seen[0]).toMatchObject({ stepsDone: 0, rateFactor: 0.5 });
  });

  it('ends where it is hopeless, with what to do', async () => {
    const hopeless = run(1e30);
    await expect(hopeless).rejects.toMatchObject({ code: 'TRAINING_DIVERGED', data: { task: 'quartic' } });
    await expect(hopeless).rejects.toThrow(
      /^the quartic diverged at step \d+ \(.*\), after 6 halvings of the learning rate/,
    );
    await expect(hopeless).rejects.toThrow('nothing was written. Lower --rate, or look for extreme values in the data');
  });
});
