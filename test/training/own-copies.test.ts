import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { fitPicture } from '../../src/models/images/fit-picture.ts';
import { PIXEL_MIDDLE } from '../../src/models/images/image-critic.ts';
import { IMAGE_NEGATIVE_NAMES, IMAGE_NEGATIVES, type ImageNegative } from '../../src/models/images/negatives.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { enlargeSmoothly, type Planes } from '../../src/models/images/warp.ts';
import { openTable } from '../../src/tables/table.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { warnOfOwnCopies } from '../../src/training/images/own-copies.ts';
import { planImageRun } from '../../src/training/images/plan-images.ts';
import { SHARED_DATA } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';
import { partPixels, PARTS_SETTINGS, usePartsFolder } from '../support/parts.ts';

const COPIED = ['rot', 'shift', 'affine'] as const;
type Copied = (typeof COPIED)[number];

interface Images extends Planes {
  readonly rows: Float32Array;
}
const warningsOf = ({ rows, ...image }: Images, negatives: readonly ImageNegative[] = IMAGE_NEGATIVE_NAMES) =>
  warnOfOwnCopies(rows, image, negatives);

/** Every second image gives way to a copy of the one before it, changed as a kind of negative is; in no order. */
function withCopies({ rows, channels, size }: Images, kind: Copied): Images {
  const width = channels * size ** 2;
  const count = rows.length / width;
  const stream = createRandom(99).stream('copies', kind);
  const order = createRandom(5).stream('order').permutation(count);
  const mixed = new Float32Array(rows.length);
  order.forEach((place, row) => {
    const original = rows.subarray((row - (row % 2)) * width, (row - (row % 2) + 1) * width);
    const target = mixed.subarray(place * width, (place + 1) * width);
    if (row % 2 === 0) {
      target.set(original);
      return;
    }
    const [source, result] = [original.map((pixel) => pixel / PIXEL_MIDDLE - 1), new Float32Array(width)];
    const dice = createDice(stream, row);
    IMAGE_NEGATIVES[kind]({ image: { channels, size }, sources: [source], others: [source], results: [result], dice });
    target.set(result.map((value) => Math.min(255, Math.max(0, (value + 1) * PIXEL_MIDDLE))));
  });
  return { rows: mixed, channels, size };
}

/** Smooth patterns, none like another, which are brighter below and to the right: they have an upright. */
function patterns(channels: number, size: number): Images {
  const dice = createDice(createRandom(3).stream('patterns'), 0);
  const planes = Array.from({ length: 200 * channels }, () => {
    const cells = Float32Array.from({ length: 25 }, (_, at) => {
      return 10 + 30 * Math.floor(at / 5) + 20 * (at % 5) + 30 * dice.normal();
    });
    return enlargeSmoothly(cells, 5, size);
  });
  return { channels, size, rows: Float32Array.from(planes.flatMap((plane) => [...plane])) };
}

describe('the warning of own copies', () => {
  const packed = (images: readonly Uint8Array[]): Images => {
    return { channels: 1, size: 16, rows: Float32Array.from(images.flatMap((image) => [...image])) };
  };
  const unlike = [patterns(1, 32), patterns(3, 32)];
  const parts = Array.from({ length: 60 }, (_, seed) => partPixels(seed));
  const turned = (from: Uint8Array): Uint8Array =>
    from.map((_, pixel) => from[(15 - Math.floor(pixel / 16)) * 16 + 15 - (pixel % 16)]!);

  it('comes where parts lie either way round, and names the turn', () => {
    const warnings = warningsOf(packed([...parts, ...parts.map(turned)]), ['rot']);
    expect(warnings).toEqual([expect.stringMatching(/^images that are turned by 180 degrees \(\d+ % as much/)]);
    expect(warnings[0]).toMatch(/ --without-negatives rot$/);
  });

  it('does not come where all are the same way up', () => {
    expect(warningsOf(packed(parts), ['rot'])).toEqual([]);
  });

  it('does not come where images are unlike each other', () => {
    for (const image of unlike) expect(warningsOf(image)).toEqual([]);
  });

  it.each(COPIED)('comes where images are %s copies of each other, of that kind and no other', (kind) => {
    for (const image of unlike) {
      const warnings = warningsOf(withCopies(image, kind));
      expect(warnings).toEqual([
        expect.stringMatching(new RegExp(`other training image.* with --without-negatives ${kind}$`)),
      ]);
    }
  });

  it.each(COPIED)('does not come where %s negatives are left out already', (kind) => {
    const left = IMAGE_NEGATIVE_NAMES.filter((name) => name !== kind);
    expect(warningsOf(withCopies(unlike[0]!, kind), left)).toEqual([]);
  });
});

describe('a run on images', () => {
  const folder = usePartsFolder({ turned: true });
  const warningsWith = async (file: object): Promise<readonly string[]> => {
    const given = { ...PARTS_SETTINGS, withoutNegatives: [], data: [folder()], out: 'never', ...file };
    return (await planImageRun(resolveImageConfig({ flags: {}, env: {}, file: given })!)).warnings;
  };
  it('warns of negatives that it is trained against, not of those that are left out, nor with patches, which have none such', async () => {
    expect((await warningsWith({})).join('\n')).toContain('--without-negatives rot');
    expect((await warningsWith({ withoutNegatives: ['rot'] })).join('\n')).not.toContain('--without-negatives rot');
    expect(await warningsWith({ patchSize: 8 })).toEqual([]);
  });
});

describe('images of the data sets', () => {
  const MOST = 1000;
  const SIZE = 32;
  const SETS = {
    'the digit 1': { path: 'mnist/digits.parquet', where: 'digit = 1', channels: 1 },
    'the digit 8': { path: 'mnist/digits.parquet', where: 'digit = 8', channels: 1 },
    'all digits': { path: 'mnist/digits.parquet', where: 'true', channels: 1 },
    automobiles: { path: 'cifar10/train-automobile.parquet', where: 'true', channels: 3 },
  } as const;
  const found = new Map<keyof typeof SETS, Promise<Images>>();
  /** At most so many of a set, an even number, read once; nobody changes them. */
  const imagesOf = (name: keyof typeof SETS): Promise<Images> => {
    const images = found.get(name) ?? read(name);
    found.set(name, images);
    return images;
  };
  const read = async (name: keyof typeof SETS): Promise<Images> => {
    const { path, where, channels } = SETS[name];
    const width = channels * SIZE ** 2;
    const rows = new Float32Array(MOST * width);
    let count = 0;
    const table = await openTable({ data: [join(SHARED_DATA, path)], where });
    for await (const { pictures } of readPictures(table, 'image')) {
      for (const picture of pictures.slice(0, MOST - count)) {
        fitPicture(picture, { channels, size: SIZE }, rows, count++ * width);
      }
      if (count === MOST) break;
    }
    await table.close();
    return { channels, size: SIZE, rows: rows.subarray(0, (count - (count % 2)) * width) };
  };
  const shared = needs('shared');
  for (const name of Object.keys(SETS) as (keyof typeof SETS)[])
    shared.it(`are not warned of: ${name}`, async () => expect(warningsOf(await imagesOf(name))).toEqual([]), 60_000);
  const copied = [...COPIED.map((kind) => ['the digit 8', kind] as const), ['automobiles', 'affine'] as const];
  for (const [name, kind] of copied)
    shared.it(
      `are warned of once half of them are ${kind} copies of the others: ${name}`,
      async () => {
        const warnings = warningsOf(withCopies(await imagesOf(name), kind));
        expect(warnings.map((warning) => warning.split(' ').at(-1))).toEqual([kind]);
      },
      60_000,
    );
});
