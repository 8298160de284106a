import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../src/base/philox.ts';
import { drawGrid, drawImage } from '../../src/models/images/grid.ts';
import { createDice, type Dice } from '../../src/models/images/dice.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createImagesWriter } from '../../src/tables/images-writer.ts';
import { CACHE, keyOf, secondsOf, trainStyleGan } from './train.ts';

/** Images that are drawn here, so that growing can be shown at a size that no data set in the project has. */
export const GROWN = {
  ...{ imageSize: 64, phaseImages: 2000, lastImages: 4000, lastParts: 1, regulariserInterval: 4 },
  ...{ steps: 20, withoutNegatives: ['rot'], calibrationShare: 0.05, crossBelow: 0, seed: 1 },
} as const;
const COUNT = 1000;
/** Images in a line of the picture, and its lines of generated ones. */
const [SHOWN, LINES] = [10, 4];

export const growthSchema = z.object({
  /** Of CPU, by all processes that trained. */
  seconds: z.number(),
  /** A line of real images, then generated ones, as a PNG in base64. */
  picture: z.string(),
});
export type Growth = z.infer<typeof growthSchema>;

/** Grows a StyleGAN from 8 x 8 to 64 x 64 pixels on plates that are drawn here; one that was trained before is taken, unless a fresh one is wanted. */
export async function measureGrowth(fresh: boolean): Promise<Growth> {
  const { imageSize: size } = GROWN;
  const plates = drawPlates(size, COUNT);
  const data = resolve(CACHE, 'plates.parquet');
  const name = keyOf('plates', GROWN).replace('/', '-');
  const model = resolve(CACHE, name);
  if (fresh || !existsSync(resolve(model, 'manifest.json')) || secondsOf(name) === null) {
    await writePlates(data, plates, size);
    await trainStyleGan({ name, data, settings: GROWN, onPhase: () => Promise.resolve() });
  }
  const sampler = await openSampler(model, { device: 'cpu' });
  const lines = [plates.subarray(0, SHOWN * size ** 2)];
  for await (const rows of sampler.sample(LINES * SHOWN, { seed: 1 })) lines.push(rows);
  await sampler.close();
  const rows = Float32Array.from(lines.flatMap((line) => [...line]));
  const picture = drawGrid(rows, { channels: 1, size }, { columns: SHOWN });
  return { seconds: secondsOf(name)!, picture: Buffer.from(picture).toString('base64') };
}

/** Grey plates in raw rows: each turned a little, with a slot and one to three holes. */
function drawPlates(size: number, count: number): Float32Array {
  const stream = createRandom(11).stream('plates');
  const rows = new Float32Array(count * size ** 2);
  for (let plate = 0; plate < count; plate++) {
    const shade = paintPlate(createDice(stream, plate));
    for (let at = 0; at < size ** 2; at++) {
      const [x, y] = [(2 * (at % size) + 1) / size - 1, (2 * Math.floor(at / size) + 1) / size - 1];
      rows[plate * size ** 2 + at] = 255 * shade(x, y);
    }
  }
  return rows;
}

/** Brightness 0 .. 1 at a place -1 .. 1; edges are smooth. */
function paintPlate(dice: Dice): (x: number, y: number) => number {
  const turn = dice.uniform(-0.3, 0.3);
  const [width, height, bright] = [dice.uniform(0.6, 0.8), dice.uniform(0.45, 0.65), dice.uniform(0.65, 0.9)];
  const slot = dice.uniform(-0.25, 0.25);
  const holes = Array.from({ length: dice.whole(1, 3) }, (_, at) => ({
    x: -0.45 + 0.45 * at,
    r: dice.uniform(0.08, 0.13),
  }));
  const edge = (inside: number): number => 1 / (1 + Math.exp(-40 * inside));
  return (x, y) => {
    const [u, v] = [x * Math.cos(turn) + y * Math.sin(turn), y * Math.cos(turn) - x * Math.sin(turn)];
    const isPlate = edge(Math.min(width - Math.abs(u), height - Math.abs(v)));
    const isSlot = edge(Math.min(0.3 - Math.abs(u - slot), 0.06 - Math.abs(v + 0.2)));
    const isHole = Math.max(...holes.map(({ x: left, r }) => edge(r - Math.hypot(u - left, v - 0.2))));
    return 0.12 + (bright + 0.1 * v - 0.12) * isPlate * (1 - isSlot) * (1 - isHole);
  };
}

async function writePlates(path: string, rows: Float32Array, size: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const writer = await createImagesWriter(path, 'image', {});
  const width = size ** 2;
  writer.append(
    Array.from({ length: rows.length / width }, (_, at) =>
      drawImage(rows.subarray(at * width, (at + 1) * width), { channels: 1, size }),
    ),
  );
  await writer.commit();
}
