import { createRandom } from '../../base/philox.ts';
import { AristarchError } from '../../base/errors.ts';
import type { FeatureSchema, ImageField } from '../../models/features/schema.ts';
import { fitPicture } from '../../models/images/fit-picture.ts';
import { isGrey } from '../../models/images/picture.ts';
import { readPictures } from '../../models/images/read-images.ts';
import type { ImagePool } from '../../models/stylize/plan-stylizer.ts';
import { openTable, type Table } from '../../tables/table.ts';
import { FILES_COLUMN, type ImageTrainConfig } from './config.ts';
import { encodeLabels, labelExpression, type PreparedLabels } from './labels.ts';

/** Normal images, read and brought to one size. */
export interface PreparedImages {
  readonly schema: FeatureSchema & { readonly image: ImageField };
  /** Raw rows: [count, channels size size] in 0 .. 255. */
  readonly rows: Float32Array;
  readonly count: number;
  readonly countInSource: number;
  /** Sentences for people on what of the data is not read. */
  readonly leftOut: readonly string[];
  /** What a generator is told of each image; null where it is told nothing. */
  readonly labels: PreparedLabels | null;
}

/** Fewer images than this say nothing about what is normal. */
const FEWEST_IMAGES = 20;

/**
 * Reads the images; grey ones have one channel where all of them are grey. More than fit into the memory budget are sampled, with the
 * run's seed. Throws `INVALID_INPUT` with the row of an image that cannot be read.
 */
export async function prepareImages({ run, values }: ImageTrainConfig): Promise<PreparedImages> {
  const { data, where, imageColumn: name, memoryBudget, seed, condition: [labelColumn] = [] } = run;
  const { imageSize: size, patchSize } = values;
  const table = await openTable({ data, ...(where !== undefined && { where }) });
  try {
    const countInSource = table.rowCount;
    if (countInSource < FEWEST_IMAGES) {
      const message = `the data have ${countInSource} images; at least ${FEWEST_IMAGES} normal ones are needed to train`;
      throw new AristarchError('INVALID_INPUT', message, { count: countInSource });
    }
    const channels = (await isAllGrey(table, name)) ? 1 : 3;
    const image: ImageField = { name, kind: 'image', channels, size, ...(patchSize !== undefined && { patchSize }) };
    const { rows, count, texts } = await readRows(table, image, most(image, memoryBudget), seed, labelColumn);
    const labels = labelColumn === undefined ? null : encodeLabels(labelColumn, texts);
    const labelled = labels ? { ...image, label: labels.label } : image;
    return {
      schema: { fields: [], image: labelled, excluded: [] },
      rows,
      count,
      countInSource,
      leftOut: table.leftOut,
      labels,
    };
  } finally {
    await table.close();
  }
}

/** Images whose styles are learnt, and sentences on what of them is not read. */
export interface PreparedStyles extends ImagePool, Pick<PreparedImages, 'leftOut'> {}

/** These, of the same column or of files, brought to the size and the colours of the others. */
export async function prepareStyles(
  { run, stylizer }: ImageTrainConfig,
  { schema: { image } }: PreparedImages,
): Promise<PreparedStyles | null> {
  if (stylizer?.styleData === undefined) return null;
  const table = await openTable({ data: stylizer.styleData });
  try {
    const name = table.columns.some((column) => column.name === image.name) ? image.name : FILES_COLUMN;
    const { rows, count } = await readRows(table, { ...image, name }, most(image, run.memoryBudget), run.seed);
    const sampled = `of ${table.rowCount} images of styles, ${count} fit into --memory-budget ${run.memoryBudget}: a seeded sample is read`;
    return {
      ...{ rows, chosen: Uint32Array.from({ length: count }, (_, index) => index) },
      leftOut: count < table.rowCount ? [...table.leftOut, sampled] : table.leftOut,
    };
  } finally {
    await table.close();
  }
}

/** Images of a kind that fit into the memory budget, in MiB. */
const most = (image: ImageField, memoryBudget: number): number =>
  Math.max(FEWEST_IMAGES, Math.floor((memoryBudget * 2 ** 20) / (4 * image.channels * image.size ** 2)));

/** Raw rows of so many images of a table at most, and the texts of their labels where a column of such is named. */
async function readRows(
  table: Table,
  image: ImageField,
  mostImages: number,
  seed: number,
  labelColumn?: string,
): Promise<Pick<PreparedImages, 'rows' | 'count'> & { readonly texts: readonly (string | null)[] }> {
  const width = image.channels * image.size ** 2;
  const isChosen = chooseRows(table.rowCount, mostImages, seed);
  const count = Math.min(table.rowCount, mostImages);
  const rows = new Float32Array(count * width);
  const texts: (string | null)[] = [];
  const labels = labelColumn === undefined ? [] : [labelExpression(table, labelColumn)];
  let [row, taken] = [0, 0];
  for await (const { pictures, source } of readPictures(table, image.name, labels)) {
    const labelled = labels.length === 0 ? [] : source.texts(0);
    pictures.forEach((picture, index) => {
      if (!isChosen(row++)) return;
      fitPicture(picture, image, rows, taken++ * width);
      texts.push(labelled[index] ?? null);
    });
  }
  return { rows, count, texts };
}

async function isAllGrey(table: Table, name: string): Promise<boolean> {
  for await (const { pictures } of readPictures(table, name)) if (!pictures.every(isGrey)) return false;
  return true;
}

function chooseRows(total: number, most: number, seed: number): (row: number) => boolean {
  if (total <= most) return () => true;
  const chosen = new Set(createRandom(seed).stream('training images').permutation(total).subarray(0, most));
  return (row) => chosen.has(row);
}
