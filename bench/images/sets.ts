import { join } from 'node:path';
import { fitPicture } from '../../src/models/images/fit-picture.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import type { Planes } from '../../src/models/images/warp.ts';
import { openTable } from '../../src/tables/table.ts';
import { createNumpyRandom } from '../support/numpy-random.ts';

/** Images with their classes, as raw rows. */
interface ClassedImages extends Planes {
  readonly rows: Float32Array;
  readonly classes: readonly string[];
}

/** Images to train on, all of one class, and images to test on. */
export interface ImageSplit extends Planes {
  readonly train: Float32Array;
  readonly test: Float32Array;
  /** 1 for images of other classes. */
  readonly anomalous: Uint8Array;
}

const SHARED = join(import.meta.dirname, '../../../shared/data');
const SIZE = 32;
export const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
export const PHOTOS = ['automobile', 'ship', 'frog'] as const;
/** Images of other digits that are tested. */
const OTHER_DIGITS = 2000;

async function readImages(path: string, label: string, channels: 1 | 3): Promise<ClassedImages> {
  const table = await openTable({ data: [join(SHARED, path)] });
  const width = channels * SIZE * SIZE;
  const rows = new Float32Array(table.rowCount * width);
  const classes: string[] = [];
  try {
    for await (const { pictures, source } of readPictures(table, 'image', [`CAST("${label}" AS VARCHAR)`])) {
      const texts = source.texts(0);
      pictures.forEach((picture, index) => {
        fitPicture(picture, { channels, size: SIZE }, rows, classes.length * width);
        classes.push(texts[index] ?? '');
      });
    }
  } finally {
    await table.close();
  }
  return { channels, size: SIZE, rows, classes };
}

/** Reads each file once. */
export function createSets() {
  const read = new Map<string, Promise<ClassedImages>>();
  const once = (path: string, label: string, channels: 1 | 3): Promise<ClassedImages> => {
    const known = read.get(path) ?? readImages(path, label, channels);
    read.set(path, known);
    return known;
  };
  return {
    /** Half of a digit's images train; the other half and 2,000 of other digits are tested. As image_critic.py splits them. */
    digit: async (digit: string, seed: number): Promise<ImageSplit> => {
      const all = await once('mnist/digits.parquet', 'digit', 1);
      const random = createNumpyRandom(1000 * seed + Number(digit));
      const shuffled = (wanted: (name: string) => boolean): number[] => {
        const places = [...all.classes.keys()].filter((row) => wanted(all.classes[row]!));
        return Array.from(random.permutation(places.length), (at) => places[at]!);
      };
      const own = shuffled((name) => name === digit);
      const others = shuffled((name) => name !== digit).slice(0, OTHER_DIGITS);
      const half = Math.floor(own.length / 2);
      return toSplit(all, own.slice(0, half), all, [...own.slice(half), ...others], digit);
    },
    /** 5,000 images of a class train; 500 of it and 4,500 of the nine others are tested. */
    photo: async (name: string): Promise<ImageSplit> => {
      const train = await once(`cifar10/train-${name}.parquet`, 'class', 3);
      const test = await once('cifar10/test.parquet', 'class', 3);
      return toSplit(train, [...train.classes.keys()], test, [...test.classes.keys()], name);
    },
  };
}

function toSplit(
  from: ClassedImages,
  train: readonly number[],
  test: ClassedImages,
  tested: readonly number[],
  normal: string,
): ImageSplit {
  const pick = ({ rows, channels, size }: ClassedImages, chosen: readonly number[]): Float32Array => {
    const width = channels * size * size;
    const out = new Float32Array(chosen.length * width);
    chosen.forEach((row, index) => out.set(rows.subarray(row * width, (row + 1) * width), index * width));
    return out;
  };
  return {
    ...{ channels: from.channels, size: from.size, train: pick(from, train), test: pick(test, tested) },
    anomalous: Uint8Array.from(tested, (row) => (test.classes[row] === normal ? 0 : 1)),
  };
}
