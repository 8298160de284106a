import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input } from '../../../src/graph/operations.ts';
import { augmentImages, type AugmentationName } from '../../../src/models/stylegan/augment.ts';
import { createStepBuilder } from '../../../src/models/step-builder.ts';
import { openOrtExecutor } from '../../../src/runtime/onnxruntime/executor.ts';

const [COUNT, COLOURS, SIZE] = [40, 2, 8];
const PLANE = SIZE ** 2;
const SHAPE = [COUNT, COLOURS, SIZE, SIZE] as const;

/** Images of whole numbers above 0, and what becomes of them. */
async function augment(names: readonly AugmentationName[]) {
  const images = Float32Array.from({ length: COUNT * COLOURS * PLANE }, (_, at) => 1 + ((at * 37) % 1009));
  const step = createStepBuilder();
  const x = input('images', SHAPE);
  const y = augmentImages(step, 'test', names, x);
  const { draws } = step.finish({ name: 'test', title: 'test', steps: 1, updatesPerStep: 1 });
  const drawn = draws.map((draw) => {
    const { attributes, shape } = draw.input;
    const data = new Float32Array((shape as readonly number[]).reduce((product, length) => product * length, 1));
    if (draw.kind === 'made') draw.make(data, createRandom(1).stream(attributes.name), 3);
    return [attributes.name, { data, shape: shape as readonly number[] }] as const;
  });
  const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  const graph = createGraph('augment', [x, ...draws.map((draw) => draw.input)], { changed: y });
  const session = await executor.compile(graph);
  const results = await session.run({ images: { data: images, shape: [...SHAPE] }, ...Object.fromEntries(drawn) });
  await session.close();
  await executor.close();
  return { images, changed: results['changed']!.data };
}

/** Whether image `row` has become what `from` says: where each pixel of it comes from. */
function isTaken(
  { images, changed }: Awaited<ReturnType<typeof augment>>,
  row: number,
  from: (line: number, column: number) => readonly [number, number],
): boolean {
  for (let colour = 0; colour < COLOURS; colour++) {
    const start = (row * COLOURS + colour) * PLANE;
    for (let at = 0; at < PLANE; at++) {
      const [line, column] = from(Math.floor(at / SIZE), at % SIZE);
      if (changed[start + at] !== images[start + line * SIZE + column]) return false;
    }
  }
  return true;
}

const rows = Array.from({ length: COUNT }, (_, row) => row);
const inside = (place: number): number => Math.min(SIZE - 1, Math.max(0, place));

describe('augmentations', () => {
  it('mirror some images, left for right, and leave the others', async () => {
    const made = await augment(['flips']);
    const mirrored = rows.filter((row) => isTaken(made, row, (line, column) => [line, SIZE - 1 - column]));
    const same = rows.filter((row) => isTaken(made, row, (line, column) => [line, column]));
    expect(mirrored.length + same.length).toBe(COUNT);
    expect(Math.min(mirrored.length, same.length)).toBeGreaterThan(COUNT / 4);
  });

  it('move images by at most an eighth along each axis, the border repeated', async () => {
    const made = await augment(['shifts']);
    const ways = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => ({ down, right })));
    const found = rows.map((row) =>
      ways.filter(({ down, right }) =>
        isTaken(made, row, (line, column) => [inside(line + down), inside(column + right)]),
      ),
    );
    expect(found.every((each) => each.length === 1)).toBe(true);
    expect(new Set(found.flat()).size).toBe(ways.length);
  });

  it('cut a square of half the width out of all colours, less where it lies over the border', async () => {
    const { images, changed } = await augment(['cutouts']);
    const sides = rows.map((row) => {
      const start = row * COLOURS * PLANE;
      const planes = Array.from({ length: COLOURS }, (_, colour) =>
        Array.from({ length: PLANE }, (__, at) => at).filter((at) => changed[start + colour * PLANE + at] === 0),
      );
      expect(planes[1]).toEqual(planes[0]);
      const kept = [...images.subarray(start, start + PLANE).keys()].filter((at) => !planes[0]!.includes(at));
      expect(kept.every((at) => changed[start + at] === images[start + at])).toBe(true);
      const [lines, columns] = [planes[0]!.map((at) => Math.floor(at / SIZE)), planes[0]!.map((at) => at % SIZE)];
      const side = (of: readonly number[]): number => 1 + Math.max(...of) - Math.min(...of);
      expect(planes[0]!.length).toBe(side(lines) * side(columns));
      return Math.max(side(lines), side(columns));
    });
    expect(Math.max(...sides)).toBe(SIZE / 2);
  });

  it('are drawn anew for each image, and do nothing where none is named', async () => {
    const made = await augment([]);
    expect(rows.every((row) => isTaken(made, row, (line, column) => [line, column]))).toBe(true);
    const all = await augment(['flips', 'shifts', 'cutouts']);
    expect(rows.some((row) => isTaken(all, row, (line, column) => [line, column]))).toBe(false);
  });
});
