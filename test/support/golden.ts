import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ADVERSARIAL_OBJECTIVES, type ObjectiveName } from '../../src/models/adversarial/objectives.ts';
import { REGULARISERS, type RegulariserName } from '../../src/models/adversarial/regularisers.ts';
import { BATCH_LAYERS, type BatchLayerName } from '../../src/models/layers/batch-layers.ts';
import { NORMS, type NormName } from '../../src/models/layers/norms.ts';
import { OPTIMISERS, type OptimiserKind } from '../../src/models/optimisers/optimiser.ts';
import { SCHEDULES, type ScheduleName } from '../../src/models/optimisers/schedules.ts';

const numbers = z.array(z.number());
const named = z.record(z.string(), numbers);
const REPORTS = ['criticLoss', 'wassersteinEstimate', 'penalty', 'generatorLoss'] as const;

/** What test/golden/make_golden.py writes. Arrays are flat, in the order of rows; weights are [in, out]. */
const goldenSchema = z.strictObject({
  madeBy: z.string(),
  features: z.number(),
  latent: z.number(),
  hidden: numbers,
  batch: z.number(),
  rows: z.number(),
  steps: z.number(),
  criticSteps: z.number(),
  lambda: z.number(),
  slope: z.number(),
  /** Training rows [rows, features]. */
  table: numbers,
  /** What is drawn, by the name of the program's input: one value after the other for all steps. */
  noise: named,
  initial: named,
  /** At the initial weights, with the noise of the first critic update. */
  oneStep: z.strictObject({
    /** d f / d x at the mixed rows [batch, features]. */
    inputGradient: numbers,
    /** d penalty / d weight: second derivatives of the critic. */
    penaltyGradients: named,
    criticGradients: named,
    generatorGradients: named,
  }),
  logistic: z.strictObject({ y: numbers, lambda: z.number(), loss: z.number(), gradients: named }),
  losses: z.record(z.enum(REPORTS), numbers),
  final: named,
});
export type Golden = z.infer<typeof goldenSchema>;

export function readGolden(): Golden {
  return goldenSchema.parse(readJson('wgan-gp.json'));
}

/** What test/golden/make_games.py writes: ten-step losses of a game between the networks of wgan-gp.json. */
const gamesSchema = z.strictObject({
  madeBy: z.string(),
  games: z.array(
    z.strictObject({
      case: z.strictObject({
        objective: z.enum(Object.keys(ADVERSARIAL_OBJECTIVES) as [ObjectiveName]),
        regulariser: z.enum(Object.keys(REGULARISERS) as [RegulariserName]),
        weight: z.number(),
        interval: z.number(),
        criticSteps: z.number(),
        optimiser: z.enum(Object.keys(OPTIMISERS) as [OptimiserKind]),
        beta1: z.number(),
        beta2: z.number(),
        learningRate: z.number(),
        schedule: z.enum(Object.keys(SCHEDULES) as [ScheduleName]),
        average: z.number(),
        layers: z
          .strictObject({
            norm: z.enum(Object.keys(NORMS) as [NormName]),
            dropout: z.number(),
            batch: z.enum(Object.keys(BATCH_LAYERS) as [BatchLayerName]),
            kernels: z.number(),
            kernelWidth: z.number(),
          })
          .optional(),
      }),
      losses: z.partialRecord(z.enum(REPORTS), numbers),
      /** Of the generator's weights. */
      averages: named.optional(),
      /** What layers start from and draw beside the networks' own, and what they keep after the last step. */
      initial: named.optional(),
      noise: named.optional(),
      kept: named.optional(),
    }),
  ),
});
export type GoldenGame = z.infer<typeof gamesSchema>['games'][number];

export function readGames(): GoldenGame[] {
  return gamesSchema.parse(readJson('games.json')).games;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8'));
}
