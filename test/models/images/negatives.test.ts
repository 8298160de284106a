import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createDice } from '../../../src/models/images/dice.ts';
import { IMAGE_NEGATIVE_NAMES, IMAGE_NEGATIVES, type ImageNegative } from '../../../src/models/images/negatives.ts';
import { affineMap, enlargeSmoothly, warp, type Planes } from '../../../src/models/images/warp.ts';
import { readGoldenImages } from '../../support/golden-images.ts';

const SIZE = 16;
const AREA = SIZE * SIZE;

function noise(name: string, channels: number): Float32Array {
  const values = new Float32Array(channels * AREA);
  createRandom(3).stream(name).fillUniform(values, 0);
  return values.map((value) => 2 * value - 1);
}

/** Three negatives of a kind at a step. */
function make(kind: ImageNegative, channels: number, step: number) {
  const image: Planes = { channels, size: SIZE };
  const sources = ['a', 'b', 'c'].map((name) => noise(name, channels));
  const others = ['d', 'e', 'f'].map((name) => noise(name, channels));
  const results = sources.map(() => new Float32Array(channels * AREA).fill(NaN));
  const dice = createDice(createRandom(9).stream(kind), step);
  IMAGE_NEGATIVES[kind]({ image, sources, others, results, dice });
  return { sources, others, results };
}

const sorted = (values: Float32Array): number[] => [...values].sort((a, b) => a - b);
const differing = (a: Float32Array, b: Float32Array): number[] => [...a.keys()].filter((at) => a[at] !== b[at]);
const steps = Array.from({ length: 30 }, (_, step) => step);

describe.each(IMAGE_NEGATIVE_NAMES)('negatives by %s', (kind) => {
  it.each([1, 3])(
    'are finite, differ from their images, and are the same for the same step (%i channels)',
    (channels) => {
      for (const step of steps) {
        const { sources, results } = make(kind, channels, step);
        results.forEach((result, row) => {
          expect(result.every(Number.isFinite)).toBe(true);
          expect(differing(result, sources[row]!).length).toBeGreaterThan(0);
        });
        expect(make(kind, channels, step).results).toEqual(results);
      }
    },
  );

  it('leave the images themselves as they are', () => {
    const { sources, others } = make(kind, 3, 1);
    expect(sources).toEqual(['a', 'b', 'c'].map((name) => noise(name, 3)));
    expect(others).toEqual(['d', 'e', 'f'].map((name) => noise(name, 3)));
  });
});

describe('what a negative is', () => {
  it.each(['rot', 'jig'] as const)('%s only moves pixels, of all channels alike', (kind) => {
    for (const step of steps) {
      const { sources, results } = make(kind, 3, step);
      results.forEach((result, row) => {
        expect(sorted(result)).toEqual(sorted(sources[row]!));
        const places = new Map(Array.from(sources[row]!.subarray(0, AREA), (value, at) => [value, at]));
        result.subarray(0, AREA).forEach((value, at) => {
          expect(result[AREA + at]).toBe(sources[row]![AREA + places.get(value)!]);
        });
      });
    }
  });

  it('rot is each of three turns and the image upside down', () => {
    const source = noise('a', 1);
    const at = (row: number, column: number): number => source[row * SIZE + column]!;
    const last = SIZE - 1;
    const wanted = new Set([at(0, last), at(last, last), at(last, 0)]);
    const corners = new Set(steps.flatMap((step) => make('rot', 1, step).results[0]![0]!));
    expect(corners).toEqual(wanted);
  });

  it('erase and cutpaste change a rectangle, and nothing around it', () => {
    for (const kind of ['erase', 'cutpaste'] as const) {
      for (const step of steps) {
        const { sources, results } = make(kind, 1, step);
        const changed = differing(results[0]!, sources[0]!);
        const [rows, columns] = [changed.map((at) => Math.floor(at / SIZE)), changed.map((at) => at % SIZE)];
        const [height, width] = [rows, columns].map((places) => Math.max(...places) - Math.min(...places) + 1);
        expect(changed.length).toBe(height! * width!);
        expect(Math.max(height!, width!)).toBeLessThanOrEqual(Math.ceil(0.6 * SIZE) + 1);
      }
    }
  });

  it('tone makes a negative, another contrast, another brightness, and thicker strokes', () => {
    const found = new Set(
      steps.map((step) => {
        const { sources, results } = make('tone', 1, step);
        const [from, to] = [sources[0]!, results[0]!];
        if (to.every((value, at) => value === -from[at]!)) return 'polarity';
        if (to.every((value) => from.includes(value))) return 'strokes';
        const differences = Array.from(to, (value, at) => value - from[at]!);
        const isShifted = differences.every((value) => Math.abs(value - differences[0]!) < 1e-6);
        return isShifted ? 'brightness' : 'contrast or sharpness';
      }),
    );
    expect([...found].sort()).toEqual(['brightness', 'contrast or sharpness', 'polarity', 'strokes']);
  });
});

describe('warps are as PyTorch has them', () => {
  const { warps } = readGoldenImages();
  const theta = warps.theta as [number, number, number, number, number, number];

  it.each(['border', 'mirror'] as const)('with the %s outside', (outside) => {
    const out = new Float32Array(128);
    warp(Float32Array.from(warps.image), out, affineMap(theta, 8), { channels: 2, size: 8 }, outside);
    warps[outside].forEach((value, at) => expect(out[at]).toBeCloseTo(value, 4));
  });

  it('and so is a grid that is enlarged smoothly', () => {
    const enlarged = enlargeSmoothly(Float32Array.from(warps.cells), 4, 11);
    warps.enlarged.forEach((value, at) => expect(enlarged[at]).toBeCloseTo(value, 4));
  });
});
