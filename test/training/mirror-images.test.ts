import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { fitPicture } from '../../src/models/images/fit-picture.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { describeImageResult } from '../../src/training/command.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openTable } from '../../src/tables/table.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { mirrorsLookAlike } from '../../src/training/images/mirror-images.ts';
import { identityOfImages, planImageRun } from '../../src/training/images/plan-images.ts';
import { SHARED_DATA } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';
import { mirrorPixels, partPixels, trainParts, usePartsFolder } from '../support/parts.ts';

const SIZE = 16;
const packed = (images: readonly Uint8Array[]): Float32Array =>
  Float32Array.from(images.flatMap((image) => [...image]));
const parts = Array.from({ length: 60 }, (_, seed) => partPixels(seed));

describe('whether mirror images are normal', () => {
  const isNormal = (images: readonly Uint8Array[]): boolean =>
    mirrorsLookAlike(packed(images), { channels: 1, size: SIZE });

  it('is said by the training images: not where the slot of all parts is at the left', () => {
    expect(isNormal(parts)).toBe(false);
    expect(isNormal(parts.map(mirrorPixels))).toBe(false);
  });

  it('is said by the training images: where parts come either way round', () => {
    expect(isNormal(parts.map((part, at) => (at % 2 === 0 ? part : mirrorPixels(part))))).toBe(true);
  });

  it('is not said by a few that came the other way round', () => {
    expect(isNormal(parts.map((part, at) => (at % 10 === 0 ? mirrorPixels(part) : part)))).toBe(false);
  });
});

needs('shared').describe('real images', () => {
  const read = async (path: string, channels: 1 | 3, where?: string): Promise<Float32Array> => {
    const table = await openTable({ data: [join(SHARED_DATA, path)], ...(where !== undefined && { where }) });
    const width = channels * 32 ** 2;
    const rows = new Float32Array(table.rowCount * width);
    let count = 0;
    for await (const { pictures } of readPictures(table, 'image')) {
      for (const picture of pictures) fitPicture(picture, { channels, size: 32 }, rows, width * count++);
    }
    await table.close();
    return rows;
  };

  it.each([1, 8])('are not normal, mirrored, where they are the digit %d', async (digit) => {
    const rows = await read('mnist/digits.parquet', 1, `digit = ${digit}`);
    expect(mirrorsLookAlike(rows, { channels: 1, size: 32 })).toBe(false);
  });

  it('are normal, mirrored, where they are photos of ships', async () => {
    const rows = await read('cifar10/train-ship.parquet', 3);
    expect(mirrorsLookAlike(rows, { channels: 3, size: 32 })).toBe(true);
  });
});

describe('a run on images', () => {
  const either = usePartsFolder({ mirrored: true });
  const upright = usePartsFolder();

  it('scores those that come either way round the same, mirrored, and says so', async () => {
    const out = join(either(), '../model');
    const result = await trainParts({ data: [either()], out, steps: 20 });
    expect(result.isMirrored).toBe(true);
    const said = 'an image scores as the mean of itself and its mirror image';
    expect(describeImageResult(result, 'auto')).toContain(
      `mirror images of the training images look as normal: ${said}`,
    );
    // The images were not asked.
    expect(describeImageResult(result, 'always')).toContain(`\n  ${said}\n`);
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as { training: object };
    expect(manifest.training).toMatchObject({ isMirrored: true });
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('scored as the mean of an image and its mirror');
    const detector = await openDetector(out, { device: 'cpu' });
    const records = parts
      .slice(0, 8)
      .map((part) => [part, mirrorPixels(part)].map((of) => ({ image: encodePng(SIZE, SIZE, 1, of) })));
    const one = await detector.score(records.map(([record]) => record!));
    const other = await detector.score(records.map(([, record]) => record!));
    one.scores.forEach((score, row) => expect(other.scores[row]).toBeCloseTo(score, 4));
    await detector.close();
  });

  it('scores those that come one way round by themselves, and says nothing', async () => {
    const out = join(upright(), '../model');
    const result = await trainParts({ data: [upright()], out, steps: 20 });
    expect(result).not.toHaveProperty('isMirrored');
    expect(await readFile(join(out, 'manifest.json'), 'utf8')).not.toContain('isMirrored');
    expect(await readFile(join(out, 'report.html'), 'utf8')).not.toContain('mirror image');
  });

  it('does as its owner says, whatever the images look like', async () => {
    const configOf = (mirrored: string, more = {}) => {
      const file = {
        data: [either()],
        out: 'any',
        imageSize: SIZE,
        criticOnly: true,
        imageColumn: 'image',
        mirrored,
        ...more,
      };
      return resolveImageConfig({ flags: {}, env: {}, file })!;
    };
    const plan = async (mirrored: string, more = {}) => (await planImageRun(configOf(mirrored, more))).isMirrored;
    expect([await plan('auto'), await plan('always'), await plan('never')]).toEqual([true, true, false]);
    const identity = async (mirrored: string) => {
      const config = configOf(mirrored);
      return identityOfImages(config, await planImageRun(config), 'any engine');
    };
    // What was learnt before may be gone on with: only scores are taken otherwise.
    expect(await identity('never')).toEqual(await identity('auto'));
    await expect(plan('always', { imageSize: 64, patchSize: 32 })).rejects.toThrow(
      /--mirrored always .* leave one of them out/,
    );
  });
});
