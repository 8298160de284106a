import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { COLOUR_MATCHES, type Colours } from '../../../src/models/stylize/match-colours.ts';

/** Three planes of correlated colours, about 0 .. 255. */
function colours(seed: number, count: number, contrast: number): Colours {
  const noise = new Float32Array(3 * count);
  createRandom(seed).stream('colours').fillNormal(noise, 0);
  return [0, 1, 2].map((colour) =>
    Float32Array.from({ length: count }, (_, at) => {
      const shared = noise[at]!;
      return 100 + 20 * colour * seed + contrast * (shared + (0.3 + 0.2 * colour) * noise[colour * count + at]!);
    }),
  );
}

const meanOf = (plane: ArrayLike<number>): number =>
  Array.from(plane).reduce((total, value) => total + value, 0) / plane.length;
function covarianceOf(planes: Colours): number[] {
  const means = planes.map(meanOf);
  return planes.flatMap((a, i) =>
    planes.map((b, j) => meanOf(Array.from(a, (value, at) => (value - means[i]!) * (b[at]! - means[j]!)))),
  );
}

describe('matched colours', () => {
  const [image, like] = [colours(1, 900, 30), colours(2, 500, 10)];

  it('have the mean and the covariance of the other image', () => {
    const matched = COLOUR_MATCHES.covariance(image, like);
    matched.forEach((plane, colour) => expect(meanOf(plane)).toBeCloseTo(meanOf(like[colour]!), 2));
    const wanted = covarianceOf(like);
    covarianceOf(matched).forEach((value, at) => expect(Math.abs(value - wanted[at]!)).toBeLessThan(0.01 * wanted[0]!));
    expect(Math.abs(covarianceOf(image)[0]! - wanted[0]!)).toBeGreaterThan(wanted[0]!);
  });

  it('are distributed as those of the other image, and stay in their order', () => {
    const matched = COLOUR_MATCHES.histogram(image, like);
    matched.forEach((plane, colour) => {
      const [sorted, wanted] = [plane.toSorted(), like[colour]!.toSorted()];
      for (const share of [0, 0.1, 0.5, 0.9]) {
        const at = (values: Float32Array): number => values[Math.floor(share * (values.length - 1))]!;
        expect(Math.abs(at(sorted) - at(wanted))).toBeLessThan(1);
      }
      const order = [...image[colour]!.keys()].sort((a, b) => image[colour]![a]! - image[colour]![b]!);
      const followed = order.map((pixel) => plane[pixel]!);
      expect(followed.every((value, at) => at === 0 || value >= followed[at - 1]!)).toBe(true);
    });
  });

  it('give equal pixels equal colours, and an image its own', () => {
    const steps = [Float32Array.of(10, 10, 200, 200, 200, 10)];
    expect(new Set(COLOUR_MATCHES.histogram(steps, [Float32Array.of(1, 2, 3, 4, 5, 6)])[0]).size).toBe(2);
    const close = (a: Colours, b: Colours): void =>
      a.forEach((plane, colour) => plane.forEach((value, at) => expect(value).toBeCloseTo(b[colour]![at]!, 2)));
    close(COLOUR_MATCHES.histogram(image, image), image);
    close(COLOUR_MATCHES.covariance(image, image), image);
    expect(COLOUR_MATCHES.none(image)).toBe(image);
  });

  it('do not blow up the rounding of an even or a grey image', () => {
    const even = [0, 1, 2].map(() => new Float32Array(500).fill(90));
    COLOUR_MATCHES.covariance(even, like).forEach((plane, colour) => {
      expect(new Set(plane).size).toBe(1);
      expect(plane[0]).toBeCloseTo(meanOf(like[colour]!), 2);
    });
    const grey = colours(1, 500, 30).map((_, __, [first]) => first!);
    for (const plane of COLOUR_MATCHES.covariance(grey, like)) expect(plane.every(Number.isFinite)).toBe(true);
  });
});
