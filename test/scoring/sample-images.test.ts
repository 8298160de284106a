import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeImages, type MixLevel } from '../../src/scoring/sample-images.ts';
import type { Sampler, StyledImage } from '../../src/scoring/sampler.ts';

/** Of 32 x 32 pixels: two layers each at 4, 8, 16 and 32. */
const LAYERS = 8;
const SIZE = 2;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-sample-images-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a picture is asked of the generator. */
async function askedFor(choice: { readonly mix?: MixLevel; readonly interpolate?: boolean }): Promise<StyledImage[]> {
  const asked: StyledImage[] = [];
  const sampler = {
    description: {
      schema: { fields: [], excluded: [], image: { name: 'image', kind: 'image', channels: 1, size: SIZE } },
      ...{ rowWidth: SIZE ** 2, styles: { latent: 4, z: 4, layers: LAYERS } },
    },
    sampleStyled: (images: readonly StyledImage[]) => {
      asked.push(...images);
      return Promise.resolve(new Float32Array(images.length * SIZE ** 2));
    },
  } as unknown as Sampler;
  await writeImages(sampler, {
    ...{ out: join(folder, 'grid.png'), seed: 1, count: undefined, memoryLimit: '1GB', onImages: () => undefined },
    ...{ mix: undefined, interpolate: false, ...choice },
  });
  return asked;
}

describe('a picture of mixed styles', () => {
  it.each([
    ['coarse', [0, 1, 2]],
    ['middle', [3, 4, 5]],
    ['fine', [6, 7]],
  ] as const)('takes the %s layers of the images in its first line, and leaves the others', async (mix, taken) => {
    const asked = await askedFor({ mix });
    const [line, lines] = [asked.slice(0, 7), asked.slice(7)];
    expect(line.every(({ row, other, shares }) => row === other && shares.every((share) => share === 1))).toBe(true);
    expect(lines).toHaveLength(5 * 8);
    lines.forEach(({ row, other, shares }, at) => {
      const [first, column] = [lines[at - (at % 8)]!.row, at % 8];
      expect(row).toBe(first);
      expect(other).toBe(column === 0 ? first : line[column - 1]!.row);
      const others = [...shares.keys()].filter((layer) => shares[layer] === 0);
      expect(others).toEqual(column === 0 ? [] : taken);
      expect(shares).toHaveLength(LAYERS);
    });
    expect(new Set(asked.map(({ row }) => row)).size).toBe(12);
  });
});

describe('a picture of ways between styles', () => {
  it('goes from one image to another in equal steps of the style, in all layers alike', async () => {
    const asked = await askedFor({ interpolate: true });
    expect(asked).toHaveLength(5 * 9);
    asked.forEach(({ row, other, shares }, at) => {
      const [line, step] = [Math.floor(at / 9), at % 9];
      expect([row, other]).toEqual([2 * line, 2 * line + 1]);
      expect(shares).toEqual(new Array(LAYERS).fill(1 - step / 8));
    });
  });
});
