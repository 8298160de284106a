import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { topologicalOrder } from '../../../src/graph/order.ts';
import { fitTransform } from '../../../src/models/features/transform.ts';
import type { TrainingTask } from '../../../src/models/task.ts';
import { resolveTrainConfig, type TrainConfig } from '../../../src/training/config.ts';

const resolve = (file: Record<string, unknown>): TrainConfig =>
  resolveTrainConfig({ flags: {}, env: {}, file: { data: 'x.csv', ...file } });

/** Family and preset, then setting, value, and where the paper or its authors' code has it. */
const PAPERS: Readonly<Record<string, readonly (readonly [string, unknown, string])[]>> = {
  'gan goodfellow': [
    ['objective', 'non-saturating', 'section 3: maximise log D(G(z)) instead'],
    ['regulariser', 'none', 'algorithm 1'],
    ['criticSteps', 1, 'algorithm 1: k = 1'],
    ['optimiser', 'sgd', 'algorithm 1: momentum'],
    ['ownLearningRate', 0.1, 'mnist.yaml: learning_rate .1'],
    ['ownBeta1', 0.5, 'mnist.yaml: init_momentum .5'],
    ['criticDropout', 0.5, 'mnist.yaml: discriminator_default_input_include_prob .5'],
    ['batch', 100, 'mnist.yaml: batch_size 100'],
    ['latent', 100, 'mnist.yaml: nvis 100 of the generator'],
    ['hidden', [1200, 1200], 'mnist.yaml: dim 1200, twice'],
    ['slope', 0, 'mnist.yaml: RectifiedLinear'],
    ['members', [], 'no detecting critics'],
  ],
  'gan mescheder': [
    ['objective', 'non-saturating', 'default.yaml: gan_type standard'],
    ['regulariser', 'r1', 'default.yaml: reg_type real'],
    ['criticSteps', 1, 'default.yaml: d_steps 1'],
    ['optimiser', 'rmsprop', 'default.yaml: optimizer rmsprop'],
    ['ownLearningRate', 1e-4, 'default.yaml: lr_g, lr_d 0.0001'],
    ['ownBeta2', 0.99, "alpha of PyTorch's RMSprop"],
    ['generatorAverage', 0.999, 'default.yaml: model_average_beta 0.999'],
    ['batch', 64, 'default.yaml: batch_size 64'],
    ['latent', 256, 'default.yaml: z_dist dim 256'],
    ['members', [], 'no detecting critics'],
  ],
  'wgan arjovsky': [
    ['objective', 'wasserstein', 'algorithm 1, line 5'],
    ['regulariser', 'clip', 'algorithm 1, line 7'],
    ['criticSteps', 5, 'algorithm 1: n_critic = 5'],
    ['optimiser', 'rmsprop', 'algorithm 1, line 6'],
    ['ownLearningRate', 5e-5, 'algorithm 1: alpha = 0.00005'],
    ['ownBeta1', 0, 'section 4.3: no momentum'],
    ['ownBeta2', 0.99, "alpha of PyTorch's RMSprop"],
    ['batch', 64, 'algorithm 1: m = 64'],
    ['latent', 100, 'main.py: nz 100'],
    ['hidden', [512, 512, 512], 'models/mlp.py: three hidden layers; the paper: 512 units'],
    ['slope', 0, 'models/mlp.py: ReLU'],
    ['members', [], 'no detecting critics'],
  ],
};

describe.each(Object.entries(PAPERS))('%s', (name, settings) => {
  const [family, preset] = name.split(' ');

  it.each(settings)('has %s = %j (%s)', (setting, value) => {
    expect(resolve({ family, preset }).values[setting]).toEqual(value);
  });

  it('scores by its own critic', () => {
    expect(resolve({ family, preset }).run.score).toBe('own');
  });
});

const FIELDS = [{ kind: 'number' as const, name: 'x', missing: false, integer: false }];
const transform = fitTransform({ fields: FIELDS, excluded: [] }, () => Float32Array.of(0, 1, 2, 3), {
  numbers: 'auto',
});

describe('the weight of a regulariser that nobody gives', () => {
  /** What the exported programs differ by: all that is written into the step, each tensor once, however many use it. */
  const stepOf = (file: Record<string, unknown>): readonly unknown[] => {
    const { family, values } = resolve({ members: [], ...file });
    const [plan] = family.plan(values, { count: 4, transform, scale: 1 }, createRandom(1));
    const tensors = topologicalOrder(plan!.task.program.state.map(({ next }) => next));
    return tensors.map(({ primitive, shape, attributes, inputs }) => {
      return [primitive, shape, attributes, inputs.map((input) => tensors.indexOf(input))];
    });
  };

  it.each([
    ['wgan-gp', 'gradient-penalty', 10],
    ['gan', 'r1', 10],
    ['wgan', 'clip', 0.01],
    ['wgan', 'gradient-penalty', 10],
    ['wgan-gp', 'clip', 0.01],
  ])('is in %s with %s %d', (family, regulariser, weight) => {
    const steps = { family, regulariser, hidden: [2], batch: 4, criticSteps: 1 };
    expect(stepOf(steps)).toEqual(stepOf({ ...steps, regulariserWeight: weight }));
    expect(stepOf(steps)).not.toEqual(stepOf({ ...steps, regulariserWeight: 2 * weight }));
  });
});

/** Plans own critics, so that what a task is can be asked. */
const taskOf = (file: Record<string, unknown>): TrainingTask => {
  const { family, values } = resolve({ members: [], hidden: [2], batch: 4, ...file });
  return family.plan(values, { count: 4, transform, scale: 1 }, createRandom(1)).at(-1)!.task;
};

describe('a schedule', () => {
  it.each([
    [7, 5, 1],
    [11, 2, 3],
    [3, 1, 16],
  ])(
    'of %d steps, %d a round and a penalty every %d ends with the last update, above 0',
    (steps, criticSteps, every) => {
      const task = taskOf({
        steps,
        criticSteps,
        regulariserInterval: every,
        optimiser: 'sgd',
        schedule: 'linear',
        ownLearningRate: 1,
      });
      const updates = {
        critic: task.steps * task.updatesPerStep,
        generator: (task.steps * task.updatesPerStep) / criticSteps,
      };
      for (const [player, count] of Object.entries(updates)) {
        const rates = task.draws.flatMap((draw) =>
          draw.kind === 'schedule' && draw.input.attributes.name.includes(`${player}Update`)
            ? [draw.value(task.steps - 1)]
            : [],
        );
        expect(Math.min(...rates)).toBeCloseTo(1 / count, 12);
      }
    },
  );
});

describe('what to do where training diverges', () => {
  it.each([
    { family: 'wgan-gp', preset: 'gulrajani' },
    { family: 'gan', preset: 'mescheder' },
    { family: 'wgan', preset: 'detect' },
  ])('works with $family, preset $preset', (chosen) => {
    const members = resolve(chosen).values['members'] as string[];
    const { remedy } = taskOf({ ...chosen, members });
    const flags = { generator: false, score: 'members', ...(members.length === 0 && { members: 'logistic' }) };
    expect(remedy).toContain(
      members.length === 0
        ? '--members logistic --score members --no-generator'
        : 'with --score members --no-generator',
    );
    expect(() => resolve({ ...chosen, ...flags })).not.toThrow();
  });
});

describe('settings that do not go together', () => {
  it('are refused with the remedy, before any data are read', () => {
    expect(() => resolve({ family: 'wgan', regulariserInterval: 4 })).toThrow('leave --regulariser-interval out');
    expect(() => resolve({ family: 'wgan', regulariserWeight: 0 })).toThrow('would clip every weight to nothing');
    expect(() => resolve({ family: 'gan', objective: 'hinge' })).toThrow('one of minimax, non-saturating, wasserstein');
  });

  it.each(['spectral', 'layer'])('clipping beside %s normalisation, which undoes the bound', (criticNorm) => {
    expect(() => resolve({ family: 'wgan', criticNorm })).toThrow(
      'leave --critic-norm out, or take another --regulariser',
    );
    expect(() => resolve({ family: 'gan', criticNorm })).not.toThrow();
  });

  it.each([
    [5, 16, 15],
    [99, 64, 33],
    [64, 63, 32],
  ])(
    'lazy regularisation that unrolls too much: %d steps, every %d updates, where %d would do',
    (criticSteps, every, most) => {
      const lazy = (regulariserInterval: number) => () => resolve({ criticSteps, regulariserInterval });
      expect(lazy(every)).toThrow(`take --regulariser-interval ${most}, or other --critic-steps`);
      expect(lazy(most)).not.toThrow();
    },
  );

  it('minibatch discrimination that compares more numbers than memory holds', () => {
    const compare = (batch: number) => () => resolve({ minibatch: 'discrimination', batch });
    expect(compare(1448)).not.toThrow(); // 2 * 1448^2 * 16 * 4 is just below 2^28
    expect(compare(1449)).toThrow('lower one of them, or take --minibatch deviation');
    expect(() => resolve({ minibatch: 'deviation', batch: 1449 })).not.toThrow();
  });
});
