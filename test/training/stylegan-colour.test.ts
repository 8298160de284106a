import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import type { Manifest } from '../../src/models/artefact/manifest.ts';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { isGrey, type Picture } from '../../src/models/images/picture.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { openTable } from '../../src/tables/table.ts';
import type { TrainResult } from '../../src/training/export-model.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { scoreByGraph } from '../../src/training/images/fit-images.ts';
import type { PhaseHook } from '../../src/training/images/fit-game.ts';
import { planImageRun } from '../../src/training/images/plan-images.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import { readGoldenImages } from '../support/golden-images.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { IMAGE_HOOKS } from '../support/parts.ts';

const SIZE = 8;
const COUNT = 100;
/** Red, green and blue of a part, about. */
const COLOURS = [210, 120, 40] as const;
const TINY = {
  ...{ family: 'stylegan', imageSize: SIZE, device: 'cpu', foldSteps: 1, folds: 2, crossBelow: 0, stepsPerCall: 20 },
  ...{ steps: 100, replace: true, withoutNegatives: ['rot'], latent: 8, channelBase: 64, channelMost: 8 },
  ...{ growFrom: 4, regulariserInterval: 2, phaseImages: 400, lastImages: 1200, lastParts: 1 },
};

/** A part of a colour, with a darker slot at its upper left; `swapped` has red for blue. */
function colourPart(seed: number, swapped = false): Uint8Array {
  const dice = createDice(createRandom(23).stream('part'), seed);
  const [left, top, light] = [dice.whole(1, 2), dice.whole(1, 2), dice.uniform(0.85, 1.05)];
  const colours = swapped ? COLOURS.toReversed() : COLOURS;
  const pixels = Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3 / SIZE), Math.floor(at / 3) % SIZE];
    const isSlot = row >= top && row < top + 2 && column >= left && column < left + 4;
    return Math.round(Math.min(255, (isSlot ? 0.4 : 1) * light * colours[at % 3]! + 4 * dice.uniform()));
  });
  return encodePng(SIZE, SIZE, 3, pixels);
}

let folder: string;
let trained: TrainResult;
/** AUROC of the own critic of grey images among parts. */
let ownAuroc: number;
const placeOf = (name: string): string => join(folder, name);
const configOf = (file: object) => {
  const settings = { ...TINY, data: [placeOf('parts')], out: placeOf('model'), ...file };
  return resolveImageConfig({ flags: {}, env: {}, file: settings })!;
};

const judgeOwn: PhaseHook = async ({ phase, progress }, plan, executor) => {
  if (phase !== plan.phases.at(-1)) return;
  const { images } = await planImageRun(configOf({}));
  const area = SIZE ** 2;
  const parts = images.rows.slice(0, 60 * 3 * area);
  const greyed = parts.map((_, at) => {
    const pixel = at - (at % (3 * area)) + (at % area);
    return (parts[pixel]! + parts[pixel + area]! + parts[pixel + 2 * area]!) / 3;
  });
  const graph = plan.scoringGraph(SIZE, progress.state);
  const image = { channels: 3, size: SIZE };
  const [normal, changed] = [
    await scoreByGraph(executor, image, graph, parts),
    await scoreByGraph(executor, image, graph, greyed),
  ];
  const labels = Uint8Array.from({ length: 120 }, (_, at) => (at < 60 ? 0 : 1));
  ownAuroc = rankingMetrics(Float32Array.of(...normal, ...changed), labels).auroc;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-colour-'));
  await mkdir(placeOf('parts'));
  for (let seed = 0; seed < COUNT; seed++)
    await writeFile(placeOf(`parts/${String(seed).padStart(3, '0')}.png`), colourPart(seed));
  trained = await trainImages(configOf({}), IMAGE_HOOKS, judgeOwn);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Means of red, green and blue. */
function meanColour(pictures: readonly Picture[]): number[] {
  const pixels = pictures.flatMap(({ rgb }) => [...rgb]);
  return [0, 1, 2].map(
    (of) => pixels.reduce((sum, value, at) => sum + (at % 3 === of ? value : 0), 0) / (pixels.length / 3),
  );
}

async function sample(flags: string): Promise<void> {
  const terminal = createListeningTerminal();
  const given = ['--model', placeOf('model'), '--device', 'cpu', ...flags.split(' ')];
  await createSampleCommand(terminal).parseAsync(given, { from: 'user' });
  expect(terminal.err()).not.toContain('error');
}

describe('a StyleGAN of images in colour', () => {
  it('makes images of the colours that it was trained on, as a column of PNG files', async () => {
    await sample(`--count 60 --out ${placeOf('made.parquet')}`);
    const table = await openTable({ data: [placeOf('made.parquet')] });
    const pictures: Picture[] = [];
    for await (const batch of readPictures(table, 'image')) pictures.push(...batch.pictures);
    await table.close();
    expect(pictures).toHaveLength(60);
    expect(pictures.some(isGrey)).toBe(false);
    const decode = await openImageDecoder();
    const real = meanColour(Array.from({ length: COUNT }, (_, seed) => decode(colourPart(seed))));
    meanColour(pictures).forEach((mean, of) => expect(Math.abs(mean - real[of]!)).toBeLessThan(30));
  }, 60_000);

  it('draws grids in colour', async () => {
    const decode = await openImageDecoder();
    for (const flags of ['--count 9', '--mix middle', '--interpolate --truncation 0.5']) {
      await sample(`--out ${placeOf('grid.png')} ${flags}`);
      const [red, , blue] = meanColour([decode(await readFile(placeOf('grid.png')))]);
      expect(red! - blue!).toBeGreaterThan(60);
    }
  }, 60_000);

  it('has a detecting critic that finds parts whose colours changed places', async () => {
    const detector = await openDetector(placeOf('model'), { device: 'cpu' });
    const images = Array.from({ length: 40 }, (_, at) => ({ image: colourPart(500 + at, at >= 20) }));
    const { scores } = await detector.score(images);
    await detector.close();
    expect(Math.max(...scores.subarray(0, 20))).toBeLessThan(Math.min(...scores.subarray(20)));
  });

  it('has an own critic that sees colours, and says how both detect changed copies', async () => {
    expect(ownAuroc).toBeGreaterThan(0.9);
    const manifest = JSON.parse(await readFile(join(placeOf('model'), 'manifest.json'), 'utf8')) as Manifest;
    expect(manifest.features.image).toMatchObject({ channels: 3, size: SIZE });
    expect(manifest.training.critics).toEqual(trained.critics);
    expect(trained.critics!.detecting).toBeGreaterThan(0.8);
  });
});

describe('files that a StyleGAN is trained on', () => {
  const { good, bad } = readGoldenImages();

  it('become the rows that its model scores, whatever their format, depth, transparency and orientation', async () => {
    const files = Object.values(good).map(({ file }) => Buffer.from(file, 'base64'));
    await mkdir(placeOf('formats'));
    for (const [index, file] of [...files, ...files].entries())
      await writeFile(placeOf(`formats/${String(index).padStart(3, '0')}.png`), file);
    const { images } = await planImageRun(configOf({ data: [placeOf('formats')] }));
    expect(images.schema.image.channels).toBe(3);
    const detector = await openDetector(placeOf('model'), { device: 'cpu' });
    expect(images.rows).toEqual(detector.encode([...files, ...files].map((image) => ({ image }))));
    await detector.close();
  });

  it.each(Object.keys(bad))('are refused by their names: %s', async (name) => {
    const path = placeOf('bad.png');
    await writeFile(path, Buffer.from(bad[name]!, 'base64'));
    const data = [placeOf('parts'), path];
    await expect(trainImages(configOf({ data, out: placeOf('never') }), IMAGE_HOOKS)).rejects.toThrow(
      new RegExp(`^${path}: the image cannot be read: it is (an animated|none of)`),
    );
  });
});
