import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input, reshape, slice } from '../../../src/graph/operations.ts';
import { BATCH, batchTimes } from '../../../src/graph/shape.ts';
import { createDice } from '../../../src/models/images/dice.ts';
import { viewPatches, viewWhole } from '../../../src/models/images/views.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';

const image = { channels: 3, size: 16 };
const SIDE = 8;
/** Places along an axis at half-steps, and patches of an image. */
const [ACROSS, PATCHES] = [3, 9];
const AREA = image.size ** 2;
const WIDTH = image.channels * AREA;
/** Channels of a patch, with its rows and columns. */
const INPUTS = 5;
/** Each value says where it is. */
const counted = (count: number): Float32Array => Float32Array.from({ length: count * WIDTH }, (_, at) => at);

/** What the network is shown of two images, and the pool of the first value of each patch. */
async function look() {
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  const view = viewPatches(image, SIDE);
  const x = input('x', [BATCH, 3, 16, 16]);
  const pieces = view.look(x);
  const flat = reshape(pieces, [batchTimes(PATCHES), INPUTS * SIDE ** 2]);
  const outputs = { pieces, pooled: view.pool(slice(flat, 1, 0, 1)) };
  const session = await executor.compile(createGraph('look', [x], outputs));
  const results = await session.run({ x: { data: counted(2), shape: [2, 3, 16, 16] } });
  await executor.close();
  return results;
}

describe('patches of an image', () => {
  it('are cut at half-steps, each with where it lies', async () => {
    const { data, shape } = (await look())['pieces']!;
    expect(shape).toEqual([2 * PATCHES, INPUTS, SIDE, SIDE]);
    for (let at = 0; at < data.length; at++) {
      const [column, row] = [at % SIDE, Math.floor(at / SIDE) % SIDE];
      const [channel, patch] = [Math.floor(at / SIDE ** 2) % INPUTS, Math.floor(at / (INPUTS * SIDE ** 2))];
      const [image_, place] = [Math.floor(patch / PATCHES), patch % PATCHES];
      const y = Math.floor(place / ACROSS) * (SIDE / 2) + row;
      const x = (place % ACROSS) * (SIDE / 2) + column;
      const isPlace = channel >= image.channels;
      const expected = isPlace ? (2 * (channel === 3 ? y : x)) / 15 - 1 : image_ * WIDTH + channel * AREA + y * 16 + x;
      expect(data[at]).toBeCloseTo(expected, 5);
    }
  });

  it('score as the highest of them', async () => {
    const { data, shape } = (await look())['pooled']!;
    expect(shape).toEqual([2, 1]);
    // The last patch of each image begins at row 8 and column 8.
    expect([...data]).toEqual([8 * 16 + 8, WIDTH + 8 * 16 + 8]);
  });

  it('are drawn anywhere in training, with their place', () => {
    const view = viewPatches(image, SIDE);
    const images = { ...image, count: 2, values: counted(2) };
    const dice = createDice(createRandom(1).stream('draw'), 0);
    const corners = new Set<number>();
    for (let draw = 0; draw < 500; draw++) {
      const { pixels, beside } = view.draw(images, dice);
      const corner = pixels[0]! % AREA;
      corners.add(corner);
      expect(beside[0]).toBeCloseTo((2 * Math.floor(corner / 16)) / 15 - 1, 5);
      expect(beside[SIDE ** 2]).toBeCloseTo((2 * (corner % 16)) / 15 - 1, 5);
      expect(pixels[SIDE * SIDE + SIDE]! - pixels[0]!).toBe(AREA + 16);
    }
    expect(corners.size).toBe(81);
  });
});

describe('an image looked at whole', () => {
  it('is drawn, looked at and scored as it is', () => {
    const view = viewWhole(image);
    const images = { ...image, count: 1, values: counted(1) };
    const { pixels, beside } = view.draw(images, createDice(createRandom(1).stream('draw'), 0));
    expect(pixels).toEqual(images.values);
    expect(beside).toHaveLength(0);
    const x = input('x', [BATCH, 3, 16, 16]);
    expect(view.look(x)).toBe(x);
    expect(view.inputs).toBe(3);
  });
});
