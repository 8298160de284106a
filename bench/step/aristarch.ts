import { createRandom, type Random } from '../../src/base/philox.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { planAdversarialCritic } from '../../src/models/critics/adversarial-critic.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Device, Executor, NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';
import { initialState } from '../../src/training/steps/state.ts';
import { timed, type Peer, type StepSize } from './peer.ts';

/** As the trainer cuts its steps into calls. */
const STEPS_PER_CALL = 50;

/** The family's own critic update, as the trainer runs it: K steps in one call of the compiled loop. */
export async function createAristarch(size: StepSize, device: Device = 'cpu'): Promise<Peer> {
  const executor = await openExecutor({ device, threads: size.threads, warn: console.warn });
  const peer = await createAristarchOn(executor, size);
  return { ...peer, close: () => peer.close().then(() => executor.close()) };
}

/** The same on an executor that is open. */
export async function createAristarchOn(executor: Executor, size: StepSize): Promise<Peer> {
  const { task, feeds, random } = benchFeeds(size);
  const session = await executor.compileSteps(task.program);
  const draws = createDraws(task, random);
  return {
    name: 'aristarch',
    description: executor.description,
    run: (steps) =>
      timed(steps, async () => {
        for (let step = 0; step < steps; step += STEPS_PER_CALL) {
          const count = Math.min(STEPS_PER_CALL, steps - step);
          await session.run(count, { ...feeds, ...draws(step, count, 1) });
        }
      }),
    close: () => session.close(),
  };
}

export interface BenchFeeds {
  readonly task: TrainingTask;
  /** The state at the start and the shared data. */
  readonly feeds: NamedArrays;
  readonly random: Random;
}

export function benchFeeds(size: StepSize): BenchFeeds {
  const whole = wganGpTask(size);
  const task = criticOnly(whole);
  const random = createRandom(1);
  const start = initialState(whole, random);
  const table = new Float32Array(size.rows * size.features);
  random.stream('table').fillNormal(table, 0);
  const state = whole.initial.map(({ name, shape }) => [name, { data: start[name]!, shape }] as const);
  const all = new Map<string, NumberArray>([
    ...state,
    [TRAINING_ROWS, { data: table, shape: [size.rows, size.features] }],
  ]);
  const used = [...task.program.state.map(({ input }) => input), ...task.program.shared];
  return { task, random, feeds: Object.fromEntries(used.map(({ attributes: { name } }) => [name, all.get(name)!])) };
}

function wganGpTask({ batch, features, latent, hidden, rows }: StepSize): TrainingTask {
  const numbers = Array.from({ length: features }, (_, slot) => ({
    ...{ name: `x${slot}`, slot, unit: slot, signedLog: false, integer: false, imputed: 0 },
    ...{ smallest: -10, largest: 10, mean: 0, deviation: 1, centre: 0 },
  }));
  return planAdversarialCritic(
    {
      ...{ name: 'bench', title: 'WGAN-GP', criticSteps: 1, steps: 1, latent, hidden, slope: 0.2, batch },
      objective: 'wasserstein',
      regulariser: { kind: 'gradient-penalty', weight: 10, interval: 1 },
      optimiser: { kind: 'adam', beta1: 0, beta2: 0.9, epsilon: 1e-8 },
      ...{ learningRate: 1e-4, schedule: 'constant', generatorAverage: 0 },
    },
    { count: rows, transform: { numbers, cycles: [], levels: [], fixed: [], clip: 20 }, scale: 1 },
  ).task;
}

/** The step without the generator's update: its weights become shared data, and its own noise is not drawn. */
function criticOnly(task: TrainingTask): TrainingTask {
  const isGenerators = (name: string): boolean => /^bench\.generator\.|^generatorUpdate\.|^latent$/.test(name);
  const { program } = task;
  const state = program.state.filter(({ input }) => !isGenerators(input.attributes.name));
  const weights = program.state
    .map(({ input }) => input)
    .filter(({ attributes: { name } }) => isGenerators(name) && !/\.[mv]$/.test(name));
  const { generatorLoss, ...reports } = program.reports;
  if (!generatorLoss) throw new Error('the program reports no generatorLoss');
  const draws = task.draws.filter(({ input }) => !isGenerators(input.attributes.name));
  const perStep = draws.map(({ input }) => input);
  return { ...task, draws, program: { ...program, state, shared: [...program.shared, ...weights], perStep, reports } };
}
