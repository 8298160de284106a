import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { needs } from '../support/needs.ts';
import { parityGap } from '../support/onnx-parity.ts';
import { trainParts } from '../support/parts.ts';

const python = needs('python:onnxruntime');
const SIZE = 64;
interface Place {
  readonly row: number;
  readonly column: number;
}

/** A sheet of brushed metal: waves of any phase, and noise; a damaged one has a dark line 8 pixels long and 2 wide. */
function sheet(seed: number, damage?: Place): Uint8Array {
  const dice = createDice(createRandom(23).stream('sheet'), seed);
  const [phase, length, shade] = [dice.uniform(0, 2 * Math.PI), dice.uniform(9, 14), dice.uniform(120, 150)];
  const isDamaged = (row: number, column: number): boolean =>
    damage !== undefined && [row - damage.row, (column - damage.column) / 4].every((away) => away >= 0 && away < 2);
  const pixels = Uint8Array.from({ length: SIZE ** 2 }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / SIZE), pixel % SIZE];
    if (isDamaged(row, column)) return 40;
    return Math.round(shade + 30 * Math.sin(phase + (2 * Math.PI * (row + column / 3)) / length) + 6 * dice.normal());
  });
  return encodePng(SIZE, SIZE, 1, pixels);
}

const DAMAGES = [
  { row: 20, column: 40 },
  { row: 44, column: 9 },
  { row: 57, column: 50 },
];
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-sheets-'));
  const data = join(folder, 'sheets');
  await mkdir(data);
  for (let seed = 0; seed < 60; seed++) await writeFile(join(data, `${String(100 + seed)}.png`), sheet(seed));
  const own = { imageSize: SIZE, patchSize: 16, steps: 400, withoutNegatives: [], crossBelow: 10 };
  await trainParts({ data: [data], out: join(folder, 'model'), ...own });
}, 400_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
const open = () => openDetector(join(folder, 'model'), { device: 'cpu' });

describe('a critic of patches', () => {
  it('finds lines of 16 pixels in images of 4,096, and points at them', async () => {
    const detector = await open();
    const good = Array.from({ length: 20 }, (_, index) => ({ image: sheet(500 + index) }));
    const damaged = DAMAGES.map((damage, index) => ({ image: sheet(600 + index, damage) }));
    const { scores } = await detector.score([...good, ...damaged]);
    expect(Math.min(...scores.subarray(20))).toBeGreaterThan(Math.max(...scores.subarray(0, 20)));
    for (const [index, { image }] of (await detector.explain(damaged)).entries()) {
      expect(Math.abs(image!.row - DAMAGES[index]!.row)).toBeLessThanOrEqual(3);
      expect(Math.abs(image!.column - DAMAGES[index]!.column - 4)).toBeLessThanOrEqual(6);
    }
    await detector.close();
  });

  it('scores an image alone as it does among others', async () => {
    const detector = await open();
    const images = Array.from({ length: 5 }, (_, index) => ({ image: sheet(700 + index) }));
    const together = (await detector.score(images)).scores;
    for (const [index, image] of images.entries()) {
      expect((await detector.score([image])).scores[0]).toBe(together[index]);
    }
    await detector.close();
  });

  it('is told in the schema', async () => {
    const detector = await open();
    expect(detector.description.schema.image).toEqual(
      expect.objectContaining({ kind: 'image', size: SIZE, patchSize: 16 }),
    );
    await detector.close();
  });

  python.it('scores the same in Python', async () => {
    const detector = await open();
    const rows = detector.encode(Array.from({ length: 4 }, (_, index) => ({ image: sheet(800 + index) })));
    expect(await parityGap(join(folder, 'model'), detector, rows)).toBeLessThan(1e-5);
    await detector.close();
  });
});
