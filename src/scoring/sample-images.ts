import { AristarchError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { ImageField } from '../models/features/schema.ts';
import { drawGrid, drawImage } from '../models/images/grid.ts';
import { checkImagesOutput, createImagesWriter } from '../tables/images-writer.ts';
import { checkPictureOutput, isPngName } from './picture-output.ts';
import type { Sampler, SampleOptions, StyledImage } from './sampler.ts';

/** Layers that a style is taken for: from coarse ones, which are small and decide on the whole, to fine ones. */
export const MIX_LEVELS = { coarse: 0, middle: 1, fine: 2 } as const;
export type MixLevel = keyof typeof MIX_LEVELS;

export interface ImageSampleOptions extends Pick<SampleOptions, 'seed' | 'truncation' | 'condition' | 'conditionRows'> {
  readonly out: string;
  readonly count: number | undefined;
  readonly mix: MixLevel | undefined;
  readonly interpolate: boolean;
  readonly memoryLimit: string;
  readonly onImages: (done: number) => void;
}

/** Images that go into a grid where nobody says how many, and into a file. */
const GRID_COUNT = 64;
const FILE_COUNT = 1000;
/** The largest grid, in images along an axis. */
const MOST_COLUMNS = 32;
/** And in pixels of its images: it is drawn in memory. */
const MOST_PIXELS = 2 ** 26;
/** Images whose styles are mixed, and steps of the way between two. */
const MIXED = { lines: 5, columns: 7 } as const;
const WAYS = { lines: 5, steps: 9 } as const;
/** Pixels of a grid's images, at least. */
const SHOWN_SIZE = 64;

type ImageChoice = Omit<ImageSampleOptions, 'onImages' | 'memoryLimit' | 'seed'>;

/** Images that are made for a choice. */
export function countOf({ out, count, mix, interpolate }: ImageChoice): number {
  if (mix !== undefined) return (MIXED.lines + 1) * (MIXED.columns + 1) - 1;
  if (interpolate) return WAYS.lines * WAYS.steps;
  return count ?? (isPngName(out) ? GRID_COUNT : FILE_COUNT);
}

/** Refuses what does not go together for images of a size, before any is made; `INVALID_INPUT`, `NOT_FOUND`. */
export function checkImageSample({ out, count, mix, interpolate }: ImageChoice, size: number): void {
  const isTable = mix !== undefined || interpolate;
  if (mix !== undefined && interpolate) throw refused('--mix and --interpolate are two pictures: give one of them');
  if (isTable && !isPngName(out))
    throw refused(`--mix and --interpolate draw a grid: give --out a name that ends in .png`);
  if (isTable && count !== undefined)
    throw refused('--mix and --interpolate draw so many images as they need: leave --count out');
  if (isPngName(out)) checkGrid(out, count ?? 0, size);
  else checkImagesOutput(out);
}

function checkGrid(out: string, count: number, size: number): void {
  checkPictureOutput(out);
  const most = Math.min(MOST_COLUMNS ** 2, Math.floor(MOST_PIXELS / size ** 2));
  if (count > most)
    throw refused(`a grid has at most ${most} images of ${size} x ${size}: lower --count, or write .parquet`);
}

const refused = (message: string): AristarchError => new AristarchError('INVALID_INPUT', message);

/** Writes images of a generator to a Parquet file, or a grid of them to a PNG; answers how many. */
export async function writeImages(sampler: Sampler, options: ImageSampleOptions): Promise<number> {
  const { image } = sampler.description.schema;
  if (image === undefined) throw new AristarchError('INTERNAL', 'the model is of no images');
  if (options.mix !== undefined) return writeMixed(sampler, image, options, options.mix);
  if (options.interpolate) return writeWays(sampler, image, options);
  return isPngName(options.out) ? writeGrid(sampler, image, options) : writeFile(sampler, image, options);
}

async function writeFile(sampler: Sampler, image: ImageField, options: ImageSampleOptions): Promise<number> {
  const { out, count = FILE_COUNT, memoryLimit, onImages } = options;
  const width = sampler.description.rowWidth;
  const sample = sampler.sample(count, options);
  const writer = await createImagesWriter(out, image.name, { memoryLimit });
  let done = 0;
  try {
    for await (const rows of sample) {
      const each = Array.from({ length: rows.length / width }, (_, row) =>
        rows.subarray(row * width, (row + 1) * width),
      );
      writer.append(each.map((row) => drawImage(row, image)));
      onImages((done += each.length));
    }
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
  await writer.commit();
  return count;
}

async function writeGrid(sampler: Sampler, image: ImageField, options: ImageSampleOptions): Promise<number> {
  const { count = GRID_COUNT, onImages } = options;
  const rows = new Float32Array(count * sampler.description.rowWidth);
  let at = 0;
  for await (const part of sampler.sample(count, options)) {
    rows.set(part, at);
    onImages((at += part.length) / sampler.description.rowWidth);
  }
  await writePicture(rows, image, Math.min(MOST_COLUMNS, Math.ceil(Math.sqrt(count))), options);
  return count;
}

/**
 * Karras et al. 2019, figure 3: the first column has images, the first line others; between them each image of the column with
 * the styles of a level from the image above.
 */
async function writeMixed(
  sampler: Sampler,
  image: ImageField,
  options: ImageSampleOptions,
  mix: MixLevel,
): Promise<number> {
  const layers = layersOf(sampler);
  const isTaken = (layer: number): boolean => Math.floor((layer * 3) / layers) === MIX_LEVELS[mix];
  const whole = (row: number): StyledImage => ({ row, other: row, shares: new Array<number>(layers).fill(1) });
  const others = Array.from({ length: MIXED.columns }, (_, column) => whole(MIXED.lines + column));
  const lines = Array.from({ length: MIXED.lines }, (_, row) => [
    whole(row),
    ...others.map(({ row: other }) => ({
      ...{ row, other },
      shares: Array.from({ length: layers }, (__, layer) => (isTaken(layer) ? 0 : 1)),
    })),
  ]);
  const made = await sampler.sampleStyled([...others, ...lines.flat()], options);
  options.onImages(countOf(options));
  const corner = new Float32Array(sampler.description.rowWidth).fill(255);
  const rows = new Float32Array(corner.length + made.length);
  rows.set(corner);
  rows.set(made, corner.length);
  await writePicture(rows, image, MIXED.columns + 1, options);
  return countOf(options);
}

/** Each line goes from one image to the next in equal steps of the style; the noise is that of the first. */
async function writeWays(sampler: Sampler, image: ImageField, options: ImageSampleOptions): Promise<number> {
  const layers = layersOf(sampler);
  const images = Array.from({ length: WAYS.lines * WAYS.steps }, (_, at): StyledImage => {
    const [line, step] = [Math.floor(at / WAYS.steps), at % WAYS.steps];
    const share = 1 - step / (WAYS.steps - 1);
    return { row: 2 * line, other: 2 * line + 1, shares: new Array<number>(layers).fill(share) };
  });
  const made = await sampler.sampleStyled(images, options);
  options.onImages(countOf(options));
  await writePicture(made, image, WAYS.steps, options);
  return images.length;
}

const layersOf = (sampler: Sampler): number => sampler.description.styles?.layers ?? 0;

async function writePicture(
  rows: Float32Array,
  image: ImageField,
  columns: number,
  { out }: ImageSampleOptions,
): Promise<void> {
  const scale = Math.max(1, Math.round(SHOWN_SIZE / image.size));
  await writeFileAtomic(out, drawGrid(rows, image, { columns, scale }));
}
