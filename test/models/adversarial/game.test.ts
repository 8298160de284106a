import { describe, expect, it } from '@jest/globals';
import { stepGraph } from '../../../src/graph/program.ts';
import { constant, matMul } from '../../../src/graph/operations.ts';
import { turnsOf, writeGame, type GameRules } from '../../../src/models/adversarial/game.ts';
import type { Parameter } from '../../../src/models/layers/parameters.ts';
import { createStepBuilder } from '../../../src/models/step-builder.ts';
import type { TrainingTask } from '../../../src/models/task.ts';
import { evaluateReference, type Doubles } from '../../support/reference.ts';

const RATE = 0.1;
const optimiser = { kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0, learningRate: () => RATE } as const;
const RULES: GameRules = {
  ...{ objective: 'wasserstein', criticSteps: 1, order: 'alternating', generatorAverage: 0 },
  regulariser: { kind: 'none', weight: 0, interval: 1 },
  ...{ criticOptimiser: optimiser, generatorOptimiser: optimiser },
};

const psi: Parameter = { name: 'psi', shape: [1, 1], deviation: 0 };
const theta: Parameter = { name: 'theta', shape: [1, 1], deviation: 0 };

/** All data at 0, all that is generated at theta, and a critic f(x) = psi x: the Dirac-GAN of Mescheder 2018, section 2. */
function diracTask(rules: Partial<GameRules>): TrainingTask {
  const step = createStepBuilder();
  writeGame(
    step,
    {
      critic: { parameters: [psi], apply: (x, values) => matMul(x, values(psi)) },
      generator: { parameters: [theta] },
      real: () => constant([0], [1, 1]),
      fake: (each) => each.parameters(theta),
      mixing: (each, turn) => each.uniform(`mix.${turn}`, [1, 1]),
      free: null,
    },
    { ...RULES, ...rules },
  );
  return step.finish({ name: 'dirac', title: 'Dirac-GAN', steps: 1, updatesPerStep: 1 });
}

const scalar = (value: number, shape: number[] = []): Doubles => ({ shape, data: Float64Array.of(value) });

/** Variables after one step, in double precision; mixes are 1/2. */
function playOnce(task: TrainingTask, start: Readonly<Record<string, number>>): Record<string, number> {
  const feeds = Object.fromEntries([
    ...task.initial.map(({ name }) => [name, scalar(start[name] ?? 0, [1, 1])] as const),
    ...task.draws.map((draw) => {
      const { name } = draw.input.attributes;
      return [name, draw.kind === 'schedule' ? scalar(draw.value(0)) : scalar(0.5, [1, 1])] as const;
    }),
  ]);
  const { outputs } = stepGraph(task.program);
  const values = evaluateReference(Object.values(outputs), feeds);
  return Object.fromEntries(Object.keys(outputs).map((name, index) => [name, values[index]!.data[0]!]));
}

describe('a game of one weight against one weight', () => {
  it.each([
    ['the generator answers the moved critic', 'alternating', 2 + RATE * (3 - RATE * 2)],
    ['both move from where both were', 'simultaneous', 2 + RATE * 3],
  ] as const)('%s when it is %s', (_, order, expected) => {
    const after = playOnce(diracTask({ order }), { psi: 3, theta: 2 });
    expect(after['state.psi']).toBeCloseTo(3 - RATE * 2, 12);
    expect(after['state.theta']).toBeCloseTo(expected, 12);
    expect(after['report.criticLoss']).toBeCloseTo(3 * 2, 12);
    expect(after['report.wassersteinEstimate']).toBeCloseTo(-3 * 2, 12);
  });

  it.each([
    ['r1', 0.5 * 10 * 2 * 3],
    ['r2', 0.5 * 10 * 2 * 3],
    ['zero-centred', 10 * 2 * 3],
    ['gradient-penalty', 10 * 2 * (3 - 1)],
  ] as const)('the slope of f is psi everywhere, so that %s adds its own derivative by hand', (kind, added) => {
    const regulariser = { kind, weight: 10, interval: 1 };
    const after = playOnce(diracTask({ regulariser }), { psi: 3, theta: 2 });
    expect(after['state.psi']).toBeCloseTo(3 - RATE * (2 + added), 6);
  });

  it('clips the critic after each of its updates, and the generator never', () => {
    const regulariser = { kind: 'clip', weight: 0.01, interval: 1 } as const;
    const after = playOnce(diracTask({ regulariser }), { psi: 3, theta: 2 });
    expect(after['state.psi']).toBeCloseTo(0.01, 7);
    expect(after['state.theta']).toBeCloseTo(2 + RATE * 0.01, 7);
  });

  it('averages the generator from its first update on', () => {
    const after = playOnce(diracTask({ generatorAverage: 0.9 }), { psi: 3, theta: 2 });
    expect(after['state.theta.average']).toBeCloseTo(after['state.theta']!, 12);
  });
});

describe('the turns of one step', () => {
  const turns = (criticSteps: number, kind: 'r1' | 'none', interval: number) =>
    turnsOf({ criticSteps, regulariser: { kind, weight: 10, interval } });

  it('are as many rounds as it takes until the penalty comes round', () => {
    expect(turns(5, 'r1', 1)).toEqual({ critic: 5, generator: 1 });
    expect(turns(1, 'r1', 16)).toEqual({ critic: 16, generator: 16 });
    expect(turns(2, 'r1', 4)).toEqual({ critic: 4, generator: 2 });
    expect(turns(4, 'r1', 6)).toEqual({ critic: 12, generator: 3 });
  });

  it('are one round where there is no penalty', () => {
    expect(turns(5, 'none', 16)).toEqual({ critic: 5, generator: 1 });
  });
});
