import { open } from 'node:fs/promises';
import { z } from 'zod';
import { createRandom } from '../../base/philox.ts';
import { textColumns } from '../../models/features/match-columns.ts';
import { rawRowBatches } from '../../models/features/raw-rows.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import { openTable } from '../../tables/table.ts';

/** Where the rows are that a model was trained on. */
export interface TrainingSource {
  readonly data: readonly string[];
  readonly where?: string;
  readonly seed: number;
}

/** The part of a training configuration that is looked at. */
const configSchema = z.object({
  data: z.union([z.array(z.string()).min(1), z.string().transform((address) => [address])]),
  where: z.string().nullish(),
  seed: z.number().int().nonnegative().catch(1),
});

/** The source that a model's manifest names; undefined where it names none. */
export function parseTrainingSource(config: Readonly<Record<string, unknown>>): TrainingSource | undefined {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) return undefined;
  const { data, where, seed } = parsed.data;
  return { data, seed, ...(typeof where === 'string' && where !== '' ? { where } : {}) };
}

export interface WrittenRows {
  /** Rows in the file. */
  readonly count: number;
  /** Rows that the source has. */
  readonly rowsInSource: number;
}

export interface WriteRowsOptions {
  readonly source: TrainingSource;
  readonly schema: FeatureSchema;
  readonly path: string;
  /** More rows than this are sampled. */
  readonly maxRows: number;
  readonly memoryLimit: string;
}

/** Writes raw rows of the source (all, or a seeded sample) to a file of packed float32. Throws what the table throws. */
export async function writeTrainingRows(options: WriteRowsOptions): Promise<WrittenRows> {
  const { source, schema, path, maxRows, memoryLimit } = options;
  const where = source.where === undefined ? {} : { where: source.where };
  const table = await openTable({ data: source.data, text: textColumns(schema), memoryLimit, ...where });
  const width = rowWidth(schema);
  const file = await open(path, 'w');
  try {
    const isChosen = chooseRows(table.rowCount, maxRows, source.seed);
    for await (const { rows, count, firstRow } of rawRowBatches(table, schema)) {
      let kept = 0;
      for (let row = 0; row < count; row++) {
        if (!isChosen(firstRow + row)) continue;
        rows.copyWithin(kept * width, row * width, (row + 1) * width);
        kept++;
      }
      await file.writeFile(toBytes(rows.subarray(0, kept * width)));
    }
    return { count: Math.min(maxRows, table.rowCount), rowsInSource: table.rowCount };
  } finally {
    await file.close();
    await table.close();
  }
}

function chooseRows(total: number, wanted: number, seed: number): (row: number) => boolean {
  if (total <= wanted) return () => true;
  const chosen = new Uint8Array(total);
  const order = createRandom(seed).stream('peer rows').permutation(total);
  for (const row of order.subarray(0, wanted)) chosen[row] = 1;
  return (row) => chosen[row] === 1;
}

export function toBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
