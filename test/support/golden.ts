import { readFileSync } from 'node:fs';
import { z } from 'zod';

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
  const text = readFileSync(new URL('../golden/wgan-gp.json', import.meta.url), 'utf8');
  return goldenSchema.parse(JSON.parse(text));
}
