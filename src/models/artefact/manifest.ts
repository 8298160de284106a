import { z } from 'zod';
import { LACKING_CHOICES } from '../radial/lacking.ts';

/** Version of the manifest's layout; a reader refuses what it does not know. */
export const MANIFEST_VERSION = 1;

const fieldBase = { name: z.string().min(1), missing: z.boolean(), condition: z.literal(true).optional() };
const fieldSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...fieldBase, kind: z.literal('number'), integer: z.boolean() }),
  z.strictObject({ ...fieldBase, kind: z.literal('boolean') }),
  z.strictObject({ ...fieldBase, kind: z.literal('category'), levels: z.array(z.string()) }),
  z.strictObject({ ...fieldBase, kind: z.literal('timestamp') }),
]);

/** Shares at which a fingerprint keeps quantiles; the first and last are minimum and maximum. */
export const QUANTILE_SHARES: readonly number[] = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

const columnFingerprint = z.strictObject({
  name: z.string(),
  missingShare: z.number().min(0).max(1),
  /** Numbers: the training rows' values at `QUANTILE_SHARES`. */
  quantiles: z.array(z.number()).optional(),
  /** Numbers: edges, ascending and distinct, and the share of present training values in (edge before, edge], the last above all. */
  bins: z.strictObject({ edges: z.array(z.number()), shares: z.array(z.number()) }).optional(),
  mean: z.number().optional(),
  standardDeviation: z.number().optional(),
  /** Categories and booleans: share of each level over the training rows. */
  levelShares: z.record(z.string(), z.number()).optional(),
});
export type ColumnFingerprint = z.infer<typeof columnFingerprint>;

const labelSchema = z.strictObject({
  name: z.string().min(1),
  levels: z
    .array(z.string())
    .min(2)
    .refine((levels) => new Set(levels).size === levels.length, { error: 'a level stands there twice' })
    .readonly(),
});

export const manifestSchema = z.strictObject({
  manifestVersion: z.literal(MANIFEST_VERSION),
  name: z.string().min(1),
  version: z.string().min(1),
  family: z.string().min(1),
  createdAt: z.string(),
  features: z
    .strictObject({
      fields: z.array(fieldSchema),
      /** In place of fields, where a record is an image. */
      image: z
        .strictObject({
          name: z.string().min(1),
          kind: z.literal('image'),
          channels: z.union([z.literal(1), z.literal(3)]),
          size: z.number().int().positive(),
          patchSize: z.number().int().positive().optional(),
          label: labelSchema.optional(),
        })
        .optional(),
      excluded: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
    })
    .refine(({ fields, image }) => (fields.length === 0) === (image !== undefined), {
      error: 'fields or an image are needed',
    }),
  /** The resolved training configuration, as it was printed at the start. */
  training: z.strictObject({
    config: z.record(z.string(), z.unknown()),
    rows: z.number().int().positive(),
    rowsInSource: z.number().int().positive(),
    rollbacks: z.number().int().nonnegative(),
    seconds: z.number().nonnegative(),
    device: z.string(),
    /** Where an image scores as the mean of itself and its mirror image. */
    isMirrored: z.literal(true).optional(),
    /** Where a generator was trained: how its own critic and the detecting one tell held-out images from changed copies of them, as AUROC. */
    critics: z
      .strictObject({
        images: z.number().int().positive(),
        own: z.number().min(0).max(1),
        detecting: z.number().min(0).max(1),
        /** Whether the own critic was trained on these images. */
        isShownToOwn: z.boolean(),
      })
      .optional(),
    /** The model that training went on from. */
    continuedFrom: z.strictObject({ name: z.string(), version: z.string() }).optional(),
  }),
  fingerprint: z.strictObject({ sha256: z.string(), columns: z.array(columnFingerprint) }),
  calibration: z.strictObject({
    method: z.enum(['split', 'cross']),
    falsePositiveRate: z.number().gt(0).lt(1),
    /** Scores of held-out normal rows, ascending. */
    scores: z.array(z.number()).min(1),
    /**
     * Where conditions have levels: the scores, ascending, of each combination of levels with enough held-out rows to keep the
     * rate by itself, and of all others together where these are enough.
     */
    groups: z
      .strictObject({
        /** The conditions that the levels are of, in order. */
        conditions: z.array(z.string()).min(1),
        members: z.array(
          z.strictObject({
            levels: z.array(z.union([z.string(), z.boolean(), z.null()])).min(1),
            scores: z.array(z.number()).min(1),
          }),
        ),
        rest: z.array(z.number()).min(1).optional(),
      })
      .optional(),
  }),
  /** Where the model was trained on several sources: what their rows are translated to, and by which files. */
  translation: z
    .strictObject({
      target: z.string(),
      /** What a translated row has in columns that its source lacks. */
      lacking: z.enum(LACKING_CHOICES),
      /** Columns that rows carry along, and their levels in each class, in this order; null where missing. */
      carried: z.array(z.strictObject({ name: z.string(), kind: z.enum(['number', 'boolean', 'category']) })),
      classes: z.array(z.array(z.union([z.string(), z.null()]))).min(1),
      /** Columns of the target. */
      fields: z.array(fieldSchema).min(1),
      sources: z.array(
        z.strictObject({
          name: z.string(),
          file: z.string(),
          rows: z.number().int().positive(),
          fields: z.array(fieldSchema).min(1),
          /** Columns that it shares with the target. */
          shared: z.array(z.string()),
        }),
      ),
    })
    .optional(),
  /** sha256 (hex) of every other file in the folder. */
  files: z.record(z.string(), z.string()),
  libraries: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;
