import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import type { TrainResult } from '../../src/training/export-model.ts';
import type { TrainHooks } from '../../src/training/train.ts';

const SIZE = 16;

/** A made-up part: a bright plate with a darker slot across its upper left, never twice the same; a scratched one is defective. */
export function partPixels(seed: number, scratch?: { readonly row: number; readonly column: number }): Uint8Array {
  const dice = createDice(createRandom(17).stream('part'), seed);
  const [left, top, plate] = [dice.whole(2, 4), dice.whole(2, 4), dice.uniform(150, 190)];
  return Uint8Array.from({ length: SIZE * SIZE }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / SIZE), pixel % SIZE];
    const isScratched = scratch && Math.abs(row - scratch.row) <= 1 && Math.abs(column - scratch.column) <= 2;
    if (isScratched) return 10;
    const isSlot = row >= top && row < top + 3 && column >= left && column < left + 7;
    return Math.min(255, Math.round((isSlot ? 60 : plate) + 8 * dice.normal()));
  });
}

export const part = (seed: number, scratch?: { readonly row: number; readonly column: number }): Uint8Array =>
  encodePng(SIZE, SIZE, 1, partPixels(seed, scratch));

export const IMAGE_HOOKS: TrainHooks = {
  note: () => undefined,
  warn: () => undefined,
  onUpdates: () => undefined,
  signal: new AbortController().signal,
  now: () => new Date(Date.UTC(2026, 0, 1)),
  seconds: () => 0,
  peakBytes: () => 2 ** 28,
};

export interface PartsRun {
  readonly folder: string;
  readonly data: string;
  readonly result: TrainResult;
}

/** Settings with which a critic of parts is trained in seconds. */
export const PARTS_SETTINGS = {
  ...{ imageColumn: 'image', criticOnly: true, imageSize: SIZE, device: 'cpu' },
  ...{ steps: 150, foldSteps: 1, folds: 2, replace: true, withoutNegatives: ['rot'] },
};

export async function trainParts(
  file: Readonly<Record<string, unknown>>,
  hooks: Partial<TrainHooks> = {},
): Promise<TrainResult> {
  const config = resolveImageConfig({ flags: {}, env: {}, file: { ...PARTS_SETTINGS, ...file } });
  return trainImages(config!, { ...IMAGE_HOOKS, ...hooks });
}

interface PartsOptions {
  /** Each second part is turned by 180 degrees. */
  readonly turned?: boolean;
  /** Each second part is its mirror image. */
  readonly mirrored?: boolean;
}

/** The mirror image of pixels, left for right. */
export const mirrorPixels = (pixels: Uint8Array): Uint8Array =>
  pixels.map((_, at) => pixels[at - (at % SIZE) + SIZE - 1 - (at % SIZE)]!);

/** A folder of good parts, as PNG files. */
export async function writeParts(folder: string, { turned, mirrored }: PartsOptions = {}): Promise<void> {
  await mkdir(folder);
  for (let seed = 0; seed < 80; seed++) {
    const pixels = partPixels(seed);
    const other = turned ? pixels.toReversed() : mirrored ? mirrorPixels(pixels) : pixels;
    const file = encodePng(SIZE, SIZE, 1, seed % 2 === 1 ? other : pixels);
    await writeFile(join(folder, `${String(seed).padStart(3, '0')}.png`), file);
  }
}

/** A folder of parts for a file of tests. */
export function usePartsFolder(options: PartsOptions = {}): () => string {
  let folder: string | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aristarch-parts-'));
    await writeParts(join(folder, 'parts'), options);
  });
  afterAll(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return () => join(folder!, 'parts');
}

/** A model of parts, trained once for a file of tests. */
export function usePartsModel(): () => PartsRun {
  let run: PartsRun | undefined;
  let folder: string | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aristarch-parts-'));
    const data = join(folder, 'parts');
    await writeParts(data);
    run = { folder, data, result: await trainParts({ data: [data], out: join(folder, 'model') }) };
  }, 120_000);
  afterAll(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return () => run!;
}
