import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { FAMILIES } from '../../src/models/families/index.ts';
import { createTrainCommand } from '../../src/training/command.ts';
import { readTrainConfig, resolveTrainConfig, type TrainConfig } from '../../src/training/config.ts';
import { configRows } from '../../src/training/report-input.ts';
import { RUN_SETTINGS } from '../../src/training/run-settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const data = 'normal.csv';
const resolve = (file: Record<string, unknown> = {}, flags: Record<string, unknown> = {}, env = {}): TrainConfig =>
  resolveTrainConfig({ flags, env, file: { data, ...file } });

/** Setting, value, and where critic-recipe.md has it, or why not. */
const RECIPE: readonly (readonly [string, unknown, string])[] = [
  ['steps', 1000, 'section 0: 1000 steps each'],
  ['batch', 64, 'section 2, step 4: B = 64'],
  ['members', ['logistic', 'wasserstein'], 'section 0: one logistic member and one WGAN-GP member'],
  ['logisticLambda', 1, 'section 0: logistic, lambda 1'],
  ['lambda', 10, 'section 0: two-sided penalty, lambda 10'],
  ['hidden', [256, 256], 'section 2, step 3: Linear 256, Linear 256'],
  ['slope', 0.2, 'section 2, step 3: LeakyReLU(0.2)'],
  ['fourierFeatures', 256, 'section 3: 256 are better than the 128 of section 2, and docs/quality.md'],
  ['fourierSpan', 8, 'section 2, step 3: frequencies from 1/r down to 1/(8r)'],
  ['noiseSmallest', 0.3, 'section 2, step 4: sigma log-uniform in [0.3, 3]'],
  ['noiseLargest', 3, 'section 2, step 4: sigma log-uniform in [0.3, 3]'],
  ['logisticNegatives', [1, 1, 0.5, 0.5], 'section 2, step 4: member 1 shares 1 : 1 : 0.5 : 0.5'],
  ['wassersteinNegatives', [1, 1, 1, 1], 'section 0: negatives 1 : 1 : 1 : 1'],
  ['memberWeights', [1, 1], 'section 0: equal weight'],
  ['learningRate', 1e-3, 'section 2, step 4: lr 1e-3 for steps 0..499'],
  ['beta1', 0, 'section 2, step 4: beta1 0'],
  ['beta2', 0.9, 'section 2, step 4: beta2 0.9'],
  ['epsilon', 1e-8, 'section 2, step 4: eps 1e-8'],
  ['generator', true, 'section 4: the generator is trained with its own critic'],
];

/** Gulrajani 2017: algorithm 1's defaults, and the networks and batch of its toy experiments. */
const GULRAJANI: readonly (readonly [string, unknown, string])[] = [
  ['objective', 'wasserstein', 'algorithm 1, line 7'],
  ['regulariser', 'gradient-penalty', 'algorithm 1, line 7'],
  ['optimiser', 'adam', 'algorithm 1, line 9'],
  ['criticSteps', 5, 'algorithm 1: n_critic = 5'],
  ['ownLearningRate', 1e-4, 'algorithm 1: alpha = 0.0001'],
  ['ownBeta1', 0, 'algorithm 1: beta1 = 0'],
  ['ownBeta2', 0.9, 'algorithm 1: beta2 = 0.9'],
  ['schedule', 'constant', 'algorithm 1'],
  ['slope', 0, 'ReLU networks'],
  ['hidden', [512, 512, 512], 'three hidden layers of 512'],
  ['batch', 256, 'batches of 256'],
  ['members', [], 'no detecting critics'],
  ['generator', true, 'critic and generator'],
];

describe('the configuration of a run', () => {
  it.each(RECIPE)('has by default %s = %j (critic-recipe, %s)', (name, value) => {
    expect(resolve().preset).toBe('detect');
    expect(resolve().values[name]).toEqual(value);
  });

  it.each(GULRAJANI)('has with --preset gulrajani %s = %j (%s)', (name, value) => {
    expect(resolve({ preset: 'gulrajani' }).values[name]).toEqual(value);
  });

  it('scores by the members, but by its own critic with --preset gulrajani', () => {
    expect(resolve().run.score).toBe('members');
    expect(resolve({ preset: 'gulrajani' }).run.score).toBe('own');
    expect(resolve({ preset: 'gulrajani', score: 'both' }).run.score).toBe('both');
  });

  it('takes a flag before the environment, before the file, before the preset, before the default', () => {
    expect(resolve({ preset: 'gulrajani' }).values['batch']).toBe(256);
    expect(resolve({ preset: 'gulrajani', batch: 128 }).values['batch']).toBe(128);
    expect(resolve({ preset: 'gulrajani', batch: 128 }, { batch: '32' }).values['batch']).toBe(32);
    const env = { ARISTARCH_THREADS: '3' };
    expect(resolve({ threads: 2 }).run.threads).toBe(2);
    expect(resolve({ threads: 2 }, {}, env).run.threads).toBe(3);
    expect(resolve({ threads: 2 }, { threads: '4' }, env).run.threads).toBe(4);
  });

  it('names the preset as the source of what the preset sets, and only of that', () => {
    const rows = configRows(resolve({ family: 'gan', preset: 'mescheder', latent: 9 }));
    const sources = Object.fromEntries(rows.map(({ name, source }) => [name, source]));
    for (const name of ['members', 'latent', 'generatorAverage', 'score'])
      expect(sources[name]).toBe('preset mescheder of gan');
    expect(sources['regulariser']).toBe(FAMILIES['gan']!.settings['regulariser']!.source);
    expect(sources['batch']).toBe('docs/decisions/0007');
  });

  it('refuses what does not exist, and says what does', () => {
    expect(() => resolve({ family: 'gann' })).toThrow('one of wgan-gp');
    expect(() => resolve({ preset: 'detct' })).toThrow('wgan-gp has no preset detct; it has detect, gulrajani');
    expect(() => resolve({ members: ['svm'] })).toThrow('--members names svm; known are logistic, wasserstein');
    expect(() => resolve({ members: ['constructor'] })).toThrow('--members names constructor; known are');
    expect(() => resolve({ score: 'all' })).toThrow('one of members, own, both');
    expect(() => resolve({ learningrate: 1 })).toThrow('unknown setting in the configuration file: learningrate');
    expect(() => resolveTrainConfig({ flags: {}, env: {} })).toThrow('--data is missing');
  });

  it('refuses flags that only another family has, which would change nothing', () => {
    expect(() => resolve({}, { identityWeight: '3' })).toThrow(
      '--identity-weight belongs to --family radialgan, and wgan-gp is trained: leave it out, or choose that family',
    );
    expect(() => resolve({ family: 'gan' }, { coders: 'plain', config: 'a.json', json: true })).toThrow(
      '--coders belongs',
    );
  });

  it('refuses what does not go together, before any data are read', () => {
    expect(() => resolve({ members: [], generator: false })).toThrow(
      'leaves nothing to train: name members, as in --members logistic --score members',
    );
    expect(() => resolve({ members: ['logistic', 'logistic'] })).toThrow('names a member twice');
    expect(() => resolve({ noiseSmallest: 4 })).toThrow('--noise-largest is below --noise-smallest');
    expect(() => resolve({ regulariser: 'none', regulariserWeight: 3 })).toThrow(
      '--regulariser none has nothing to weigh: leave --regulariser-weight out',
    );
    expect(resolve({ regulariser: 'clip', regulariserWeight: 3 }).values['regulariserWeight']).toBe(3);
  });
});

describe('the train command', () => {
  const command = (): Command => createTrainCommand();

  it('explains every option, with its default and its source', () => {
    let help = '';
    command()
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    const flat = help.replace(/\s+/g, ' ');
    const families = Object.values(FAMILIES).flatMap(({ settings }) => Object.values(settings));
    for (const setting of [...Object.values(RUN_SETTINGS), ...families]) {
      expect(flat).toContain(setting.flag);
      expect(flat).toContain(setting.help.replace(/\s+/g, ' '));
      if (setting.source !== undefined) expect(flat).toContain(`source: ${setting.source}`);
    }
    expect(flat).toContain(
      '(default of wgan-gp, gan, wgan, radialgan: 1000, source: docs/decisions/0007; stylegan, image-critic: none, source: docs/decisions/0049: 2000 when absent, or 3000 of 2000 images',
    );
    expect(flat).toContain('--preset gulrajani');
    expect(flat).toContain('Examples:');
  });

  it('reads a file of settings, and lets flags go before it', async () => {
    const path = join(await temporaryFolder('config'), 'config.json');
    await writeFile(path, JSON.stringify({ data: ['a.csv', 'b.csv'], steps: 7, batch: 8 }));
    const given = command().exitOverride();
    given.action(() => undefined);
    await given.parseAsync(['--config', path, '--batch', '16', '--no-generator'], { from: 'user' });
    const config = await readTrainConfig(given, {});
    expect(config.run.data).toEqual(['a.csv', 'b.csv']);
    expect(config.values).toMatchObject({ steps: 7, batch: 16, generator: false });
  });
});
