import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageResult } from '../../bench/images/measure.ts';
import { nearestDistances } from '../../bench/images/nearest.ts';
import { imagesPage } from '../../bench/images/page.ts';
import { createRandom } from '../../src/base/philox.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';

describe('the distance to five nearest images', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  it('is that of the definition', async () => {
    const [width, train, test] = [6, new Float32Array(6 * 20), new Float32Array(6 * 7)];
    createRandom(1).stream('train').fillNormal(train, 0);
    createRandom(1).stream('test').fillNormal(test, 0);
    const distances = await nearestDistances(executor, train, test, width);
    const expected = Array.from({ length: 7 }, (_, row) => {
      const all = Array.from({ length: 20 }, (__, other) => {
        const squares = Array.from(
          { length: width },
          (___, at) => (test[row * width + at]! - train[other * width + at]!) ** 2,
        );
        return Math.sqrt(squares.reduce((a, b) => a + b));
      });
      return (
        all
          .sort((a, b) => a - b)
          .slice(0, 5)
          .reduce((a, b) => a + b) / 5
      );
    });
    expected.forEach((value, row) => expect(distances[row]).toBeCloseTo(value, 4));
  });
});

describe('the page of images', () => {
  const result = (name: string, auroc: number, more: Partial<ImageResult> = {}): ImageResult => ({
    ...{ name, seed: 0, steps: 2000, trainImages: 10, testImages: 20, nearestAuroc: 0.6, trainSeconds: 40 },
    ...{ passes: 'one', aurocs: { one: auroc, both: 0.5 }, scoreSeconds: { one: 0.01, both: 0.02 } },
    ...more,
  });
  const machine = 'a machine';

  it('has the mean over classes, and says which bars are met', () => {
    const { text, missed } = imagesPage(machine, [result('3', 0.99), result('4', 0.98), result('frog', 0.88)]);
    expect(missed).toBe(0);
    expect(text).toContain('mean AUROC of digits 98.50, the bar is 98.00: **met**');
  });

  it('counts for each class what the product answers, by one pass or by both', () => {
    const both = result('frog', 0.86, { passes: 'both', aurocs: { one: 0.86, both: 0.89 } });
    const { text } = imagesPage(machine, [both, result('ship', 0.88)]);
    expect(text).toContain('mean AUROC of photos 88.50');
    expect(text).toMatch(/\| frog +\| +1 \| +89\.00 \| +- \| both +\| +86\.00 \| +89\.00 \|/);
    expect(text).toMatch(/\| ship +\| +1 \| +88\.00 \| +- \| one +\| +88\.00 \| +50\.00 \|/);
    expect(text).toContain('0.50 ms of CPU an image by one pass, 1.00 by both');
  });

  it('counts each bar that is missed', () => {
    const hits = { 'heat map': 14, 'plain difference': 16, centre: 2 };
    const pointing = { ellipse: { images: 20, hits }, scratch: { images: 20, hits } };
    const results = [result('3', 0.97, { pointing }), result('frog', 0.87, { trainSeconds: 121 })];
    const { text, missed } = imagesPage(machine, results);
    expect(text.match(/\*\*MISSED\*\*/g)).toHaveLength(4);
    expect(missed).toBe(4);
    expect(text).toContain('pointing on scratch 0.70, the bar is 0.70: **met**');
  });
});
