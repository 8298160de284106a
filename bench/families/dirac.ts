import { add, constant, matMul, sum } from '../../src/graph/operations.ts';
import { reportName } from '../../src/graph/program.ts';
import { createRandom } from '../../src/base/philox.ts';
import { writeGame, type GameRules } from '../../src/models/adversarial/game.ts';
import type { Parameter } from '../../src/models/layers/parameters.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Executor, NumberArray } from '../../src/runtime/executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';

/**
 * The Dirac-GAN: all data at 0, a generator that puts all of its rows at theta, a critic f(x) = psi x, plain gradient descent.
 * The one equilibrium is theta = psi = 0. Mescheder, Geiger and Nowozin 2018, "Which Training Methods for GANs do actually
 * Converge?", section 2; played by the game that trains every family.
 */
export interface DiracGame extends Pick<GameRules, 'objective' | 'criticSteps' | 'order'> {
  readonly regulariser: Pick<GameRules['regulariser'], 'kind' | 'weight'>;
  readonly learningRate: number;
  /**
   * Deviation of the noise on data and generated rows: as likely so much to the left as to the right. Near the equilibrium
   * nothing of the noise matters but its variance.
   */
  readonly noise: number;
}

export interface DiracState {
  readonly theta: number;
  readonly psi: number;
}

const PSI: Parameter = { name: 'psi', shape: [1, 1], deviation: 0 };
const THETA: Parameter = { name: 'theta', shape: [1, 1], deviation: 0 };

/** Plays so many updates of the generator from a start: the state before the first and after each. */
export async function playDirac(
  executor: Executor,
  game: DiracGame,
  updates: number,
  start: DiracState = { theta: 1, psi: 1 },
): Promise<DiracState[]> {
  const task = diracTask(game, updates);
  const scalar = (value: number): NumberArray => ({ data: Float32Array.of(value), shape: [1, 1] });
  const session = await executor.compileSteps(task.program);
  const results = await session.run(updates, {
    ...{ [THETA.name]: scalar(start.theta), [PSI.name]: scalar(start.psi) },
    ...createDraws(task, createRandom(0))(0, updates, 1),
  });
  await session.close();
  const psi = results[reportName(PSI.name)]!.data;
  return [start, ...Array.from(results[reportName(THETA.name)]!.data, (theta, at) => ({ theta, psi: psi[at]! }))];
}

function diracTask({ regulariser, learningRate, noise, ...rules }: DiracGame, steps: number): TrainingTask {
  const step = createStepBuilder();
  const rows = constant([-noise, noise], [2, 1]);
  const descent = { kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0, learningRate: () => learningRate } as const;
  writeGame(
    step,
    {
      critic: { parameters: [PSI], apply: (x, values) => matMul(x, values(PSI)) },
      generator: { parameters: [THETA] },
      real: () => rows,
      fake: () => add(step.parameters(THETA), rows),
      mixing: (_, turn) => step.uniform(`mix.${turn}`, [2, 1]),
      free: null,
    },
    {
      ...rules,
      regulariser: { ...regulariser, interval: 1 },
      ...{ criticOptimiser: descent, generatorOptimiser: descent, generatorAverage: 0 },
    },
  );
  step.report(THETA.name, sum(step.parameters(THETA)));
  step.report(PSI.name, sum(step.parameters(PSI)));
  return step.finish({ name: 'dirac', title: 'Dirac-GAN', steps, updatesPerStep: rules.criticSteps });
}
