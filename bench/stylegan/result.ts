import { z } from 'zod';
import { readResult } from '../support/documents.ts';
import { growthSchema } from './growth.ts';
import { heatMapsSchema } from './heat-maps.ts';
import { memorySchema } from './memory.ts';
import { qualitySchema } from './measure.ts';
import { stylesSchema } from './styles.ts';

/** What the run on all digits gave. */
export const qualityRunSchema = z.object({
  rows: z.array(qualitySchema.extend({ title: z.string() })),
  /** Of the classifier, on images that it was not trained on. */
  accuracy: z.number(),
  /** Folder of the model. */
  model: z.string(),
  seen: z.number(),
  seconds: z.number(),
});
export type QualityRun = z.infer<typeof qualityRunSchema>;

/** AUROC of the other digits, by the StyleGAN's own critic and by the detecting critic. */
export const detectionSchema = z.object({
  digit: z.number(),
  tested: z.number(),
  ownAuroc: z.number(),
  auroc: z.number(),
});
export type Detection = z.infer<typeof detectionSchema>;

/** What one step of training at a size takes. */
export const oneStepSchema = z.object({
  size: z.number(),
  /** Of images. */
  batch: z.number(),
  channels: z.object({ channelBase: z.number(), channelMost: z.number() }),
  /** Of the own critic and of the generator. */
  updates: z.number(),
  losses: z.record(z.string(), z.number()),
  /** Of CPU. */
  compileSeconds: z.number(),
  stepSeconds: z.number(),
  /** The most memory that the process has had, in bytes. */
  peakBytes: z.number(),
});
export type OneStep = z.infer<typeof oneStepSchema>;

/** Where a part was measured, and by which flags. */
const measured = { machine: z.string(), flags: z.string() };
const run = { ...measured, size: z.number(), settings: z.record(z.string(), z.unknown()) };

/** docs/stylegan.json: parts that were measured one by one. */
const resultSchema = z.object({
  quality: qualityRunSchema.omit({ model: true }).extend(run),
  detection: detectionSchema.extend(run).optional(),
  growth: growthSchema
    .omit({ picture: true })
    .extend({ ...measured, settings: z.record(z.string(), z.unknown()) })
    .optional(),
  styles: stylesSchema
    .omit({ model: true, grown: true })
    .extend({ ...measured, settings: z.record(z.string(), z.unknown()) })
    .optional(),
  memory: memorySchema.extend({ ...measured, settings: z.record(z.string(), z.unknown()) }).optional(),
  heatMaps: heatMapsSchema
    .omit({ picture: true })
    .extend({ ...measured, digit: z.string(), steps: z.number(), each: z.number() })
    .optional(),
  oneStep: oneStepSchema.extend(measured).optional(),
});
export type StyleResult = z.infer<typeof resultSchema>;

export const RESULT_FILE = 'stylegan.json';

/** Parts that were measured now in place of those that were kept. */
export async function withKept(now: Partial<StyleResult>): Promise<StyleResult> {
  const before = await readResult(RESULT_FILE);
  return resultSchema.parse({ ...(before as Partial<StyleResult> | undefined), ...now });
}
