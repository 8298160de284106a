import { describe, expect, it } from '@jest/globals';
import { resolveImageConfig, withSteps } from '../../src/training/images/config.ts';
import { configRows } from '../../src/training/report-input.ts';

const resolve = (file: object) =>
  resolveImageConfig({ flags: {}, env: {}, file: { data: ['x'], imageColumn: 'image', criticOnly: true, ...file } })!;
const stepsOf = (images: number, file: object = {}): unknown => withSteps(resolve(file), images).values.steps;

describe('the steps of a critic of images', () => {
  it('are more of many images that are looked at whole, where nobody says how many', () => {
    expect([20, 1999, 2000, 50_000].map((images) => stepsOf(images))).toEqual([2000, 2000, 3000, 3000]);
    expect(stepsOf(50_000, { imageSize: 64, patchSize: 32 })).toBe(2000);
    expect([stepsOf(20, { steps: 7 }), stepsOf(5000, { steps: 7 })]).toEqual([7, 7]);
  });

  it('are their own default in the report, and what is given is not', () => {
    const rowOf = (images: number, file: object = {}) =>
      configRows(withSteps(resolve(file), images)).find(({ name }) => name === 'steps');
    expect(rowOf(5000)).toMatchObject({ value: 3000, default: 3000 });
    expect(rowOf(500)).toMatchObject({ value: 2000, default: 2000 });
    expect(rowOf(500, { steps: 7 })!.value).toBe(7);
    expect(rowOf(500, { steps: 7 })!.default).not.toBe(7);
  });
});
