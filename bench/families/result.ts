import { z } from 'zod';
import { measurementSchema } from '../quality/measure-set.ts';
import { DIRAC_GAMES, type DiracName } from './dirac-games.ts';
import { TOY_NAMES } from './toy-sets.ts';
import { MINIBATCH_LAYERS } from './variants.ts';

/** How much a variant's rows covered with one seed. */
export const coverageSchema = z.object({
  seed: z.number(),
  found: z.number(),
  quality: z.number(),
  divergence: z.number(),
  /** Halvings of the learning rate after a divergence of the training. */
  rollbacks: z.number(),
  /** Processor time of training. */
  seconds: z.number(),
});
export type CoverageRun = z.infer<typeof coverageSchema>;

const toySchema = z.object({
  /** The variant's title. */
  variant: z.string(),
  set: z.enum(TOY_NAMES),
  runs: z.array(coverageSchema),
});
export type ToyFigures = z.infer<typeof toySchema>;

/** What the bench found; kept as JSON beside the page that is made of it. */
export const resultSchema = z.object({
  machine: z.string(),
  /** The largest distance from the equilibrium in the updates before each of `DIRAC_TIMES`. */
  dirac: z.record(z.enum(Object.keys(DIRAC_GAMES) as [DiracName, ...DiracName[]]), z.array(z.number())),
  coverage: z.array(toySchema),
  /** One variant without a minibatch layer and with it, over the same seeds. */
  minibatch: z.array(z.object({ layer: z.enum(MINIBATCH_LAYERS), without: toySchema, with: toySchema })),
  detection: z.array(z.object({ title: z.string(), negatives: z.boolean(), measurements: z.array(measurementSchema) })),
});
export type FamiliesResult = z.infer<typeof resultSchema>;

/** Updates of the generator at which the distance of the Dirac-GAN is told, and how far back it looks. */
export const DIRAC_TIMES = [500, 2000] as const;
export const DIRAC_WINDOW = 250;

/** File of the result, below docs/. */
export const RESULT_PATH = 'quality/families.json';
