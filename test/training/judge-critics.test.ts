import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { constant, input, mean, multiply, reshape, square } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { changeCopies } from '../../src/models/images/changed-copies.ts';
import { IMAGE_TURNS } from '../../src/models/images/negatives.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../src/models/scoring-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { describeCritics } from '../../src/training/command.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { createJudge } from '../../src/training/images/judge-critics.ts';

const SIZE = 8;
const WIDTH = SIZE ** 2;
const COUNT = 30;
const image = { channels: 1, size: SIZE };
/** Each image a slope of its own. */
const rows = Float32Array.from({ length: COUNT * WIDTH }, (_, at) => {
  const [row, pixel] = [Math.floor(at / WIDTH), at % WIDTH];
  return 20 + 3 * row + 2 * (pixel % SIZE) + Math.floor(pixel / SIZE);
});
const all = Uint32Array.from({ length: COUNT }, (_, row) => row);
const imageOf = (from: Float32Array, row: number): number[] => [...from.subarray(row * WIDTH, (row + 1) * WIDTH)];

/** The detecting critic's plan, but for its score. */
function planOf(score: (pixels: Tensor) => Tensor, file: object = {}) {
  const settings = { ...{ imageColumn: 'image', criticOnly: true, data: ['x'], imageSize: SIZE }, ...file };
  const { family, values } = resolveImageConfig({ flags: {}, env: {}, file: settings })!;
  return { ...family.plan(values, { ...image, count: 1, values: new Float32Array(WIDTH) }), score };
}
/** Weights of pixels, no two alike, so that turned and shuffled copies score otherwise. */
const WEIGHTS = Array.from({ length: WIDTH }, (_, at) => Math.sin(1.7 * at) + 0.01 * at);
const weigh = (pixels: Tensor): Tensor => mean(multiply(pixels, constant(WEIGHTS, [1, WIDTH])), [1], true);
const weighSquares = (pixels: Tensor): Tensor => weigh(square(pixels));
const weighed = (pixels: readonly number[]): number =>
  pixels.reduce((sum, each, at) => sum + each * WEIGHTS[at]!, 0) / WIDTH;
const weighedSquares = (pixels: readonly number[]): number => weighed(pixels.map((each) => each ** 2));

/** The share of pairs in which the second is higher, pair by pair. */
function shareAbove(normal: readonly number[], changed: readonly number[]): number {
  const points = normal.flatMap((a) => changed.map((b) => Number(b > a) + Number(b === a) / 2));
  return points.reduce((sum, each) => sum + each, 0) / points.length;
}

describe('the judge of both critics', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  });
  afterAll(() => executor.close());

  /** An own critic that scores by weighed pixels, times a factor. */
  const gameOf = (factor: number) => ({
    weights: {},
    plan: {
      title: 'a game',
      scoringGraph: () => {
        const pixels = input(ROWS_INPUT, [BATCH, WIDTH]);
        return createGraph('own', [pixels], { [SCORES_OUTPUT]: reshape(multiply(weigh(pixels), factor), [BATCH]) });
      },
    },
  });

  async function judge(crossBelow: number, factor: number) {
    const random = createRandom(3);
    const split = splitRows(COUNT, random, { crossBelow, folds: 3, heldOutShare: 0.4, mostHeldOut: COUNT });
    const plan = planOf(weighSquares);
    const warnings: string[] = [];
    const judging = createJudge({ executor, image, rows, split, random, warn: (message) => warnings.push(message) });
    // Each fold's critic has a scale of its own.
    for (const [fold, { heldOut }] of split.rounds.entries())
      await judging.detecting({ plan, weights: {}, mean: 10 * fold, deviation: 40 + fold, isMirrored: false }, heldOut);
    const found = (await judging.own(gameOf(factor), plan))!;
    const others = Uint32Array.from(split.rounds.flatMap(({ heldOut }) => [...heldOut]));
    const copies = changeCopies({ image, rows, others, critic: plan, stream: random.stream('judged copies') }, others);
    const normal = [...others].map((row) => imageOf(rows, row));
    const changed = [...others].map((_, index) => imageOf(copies, index));
    return { found, normal, changed, split, warnings };
  }

  it('has the share of pairs in which a changed copy scores above a held-out image', async () => {
    const { found, normal, changed } = await judge(0, 1);
    expect(found).toMatchObject({ images: 12, isShownToOwn: false });
    expect(found.own).toBeCloseTo(shareAbove(normal.map(weighed), changed.map(weighed)), 6);
    expect(found.detecting).toBeCloseTo(shareAbove(normal.map(weighedSquares), changed.map(weighedSquares)), 6);
    const { found: turned } = await judge(0, -1);
    expect(turned.own).toBeCloseTo(1 - found.own, 6);
    expect(turned.detecting).toBe(found.detecting);
    expect(found.own).not.toBeCloseTo(0.5, 2);
  });

  it('asks the critic of each fold of its own images, and says that the own critic was shown them', async () => {
    const { found, normal, changed, split } = await judge(100, 1);
    expect(found).toMatchObject({ images: COUNT, isShownToOwn: true });
    const folds = split.rounds.flatMap(({ heldOut }, fold) => [...heldOut].map(() => fold));
    const scored = (pixels: readonly number[], index: number): number =>
      (weighedSquares(pixels) - 10 * folds[index]!) / (40 + folds[index]!);
    expect(found.detecting).toBeCloseTo(shareAbove(normal.map(scored), changed.map(scored)), 6);
  });

  it('gives no figure where scores are no numbers, and does not end a run that is played to its end', async () => {
    const { found, warnings } = await judge(0, NaN);
    expect(found).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('NaN or infinite by a critic of')]);
  });

  it('is said in a line', () => {
    const said = describeCritics({ images: 1000, own: 0.5432, detecting: 0.98765, isShownToOwn: false });
    expect(said).toBe(
      '  own critic, against generated images: AUROC 0.543 on 1,000 held-out images, and a changed copy of each; detecting critic: 0.988',
    );
    const shown = describeCritics({ images: 80, own: 0.5, detecting: 1, isShownToOwn: true });
    expect(shown).toContain('80 held-out images, which that critic was trained on, and');
  });
});

describe('changed copies', () => {
  const copiesOf = (file: object, chosen: Uint32Array): Float32Array => {
    const stream = createRandom(3).stream('copies');
    return changeCopies({ image, rows, others: all, critic: planOf(weighSquares, file), stream }, chosen);
  };

  it('are the same for the same image, whatever else is chosen, and in 0 .. 255', () => {
    const copies = copiesOf({}, all);
    expect(imageOf(copiesOf({}, Uint32Array.of(9, 4)), 1)).toEqual(imageOf(copies, 4));
    expect(copies.every((pixel) => pixel >= 0 && pixel <= 255)).toBe(true);
    const isChanged = [...all].map((row) => imageOf(copies, row).join() !== imageOf(rows, row).join());
    expect(isChanged.filter(Boolean).length).toBeGreaterThan(0.9 * COUNT);
  });

  it('are of the kinds that are not switched off, in turn', () => {
    const withoutNegatives = ['cutpaste', 'shift', 'affine', 'elastic', 'jig', 'tone'];
    const copies = copiesOf({ withoutNegatives }, all);
    const isTurned = [...all].map((row) => {
      const [from, made] = [imageOf(rows, row), imageOf(copies, row)];
      return Object.values(IMAGE_TURNS).some((turn) =>
        made.every((pixel, at) => {
          const [line, column] = turn(Math.floor(at / SIZE), at % SIZE, SIZE - 1);
          return Math.abs(pixel - from[line * SIZE + column]!) < 1e-3;
        }),
      );
    });
    expect(isTurned).toEqual([...all].map((row) => row % 2 === 0));
  });

  it('of a critic of patches differ in one patch alone', () => {
    const large = { channels: 1, size: 16 };
    const pixels = Float32Array.from({ length: 4 * 256 }, (_, at) => (at * 7) % 200);
    const plan = planOf(weighSquares);
    const critic = { negatives: ['scar'] as const, network: { ...plan.network, size: 8 } };
    const stream = createRandom(3).stream('copies');
    const chosen = Uint32Array.of(0, 1, 2, 3);
    const copies = changeCopies({ image: large, rows: pixels, others: chosen, critic, stream }, chosen);
    for (const row of chosen) {
      const places = Array.from({ length: 256 }, (_, at) => at).filter(
        (at) => Math.abs(copies[row * 256 + at]! - pixels[row * 256 + at]!) > 0.01,
      );
      const spread = (of: readonly number[]): number => Math.max(...of) - Math.min(...of) + 1;
      expect(places.length).toBeGreaterThan(0);
      expect(spread(places.map((at) => at % 16))).toBeLessThanOrEqual(8);
      expect(spread(places.map((at) => Math.floor(at / 16)))).toBeLessThanOrEqual(8);
    }
  });
});
