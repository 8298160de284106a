import type { Random } from '../../src/base/philox.ts';

/** A distribution in the plane made of equally likely parts, so that one can count those that a generator has found. */
export interface ToySet {
  readonly title: string;
  readonly parts: number;
  /** Deviation of the data around the part's middle, in each direction. */
  readonly deviation: number;
  /** Rows [count, 2], packed. */
  readonly draw: (count: number, random: Random) => Float32Array;
  /** The part that a point is nearest to, and how far it is from its middle. */
  readonly nearest: (x: number, y: number) => Nearest;
}

export interface Nearest {
  readonly part: number;
  readonly distance: number;
}

export const TOY_NAMES = ['ring', 'grid', 'roll'] as const;
export type ToyName = (typeof TOY_NAMES)[number];

const { cos, sin, hypot, floor, PI } = Math;

/** Metz 2016, "Unrolled Generative Adversarial Networks", section 3.1: eight Gaussians on a circle. */
const RING = { radius: 2, count: 8, deviation: 0.02 };
/** Azadi 2019, "Discriminator Rejection Sampling", section 5.1: 5 by 5, one apart. VEEGAN and PacGAN have them two apart. */
const GRID = { side: 5, spacing: 1, deviation: 0.05 };
/** Gulrajani 2017, section 4.1, with the numbers of scikit-learn's `make_swiss_roll`: x = t (cos t, sin t), scaled down. */
const ROLL = { first: 1.5 * PI, turns: 3 * PI, scale: 1 / 7.5, deviation: 0.25 / 7.5, parts: 20 };
/** Points of the roll's curve that a distance is measured from: at most a quarter of a deviation apart. */
const CURVE_POINTS = 2000;

const ring = Array.from({ length: RING.count }, (_, index): Point => {
  const angle = (2 * PI * index) / RING.count;
  return [RING.radius * cos(angle), RING.radius * sin(angle)];
});
const middle = (GRID.side - 1) / 2;
const grid = Array.from({ length: GRID.side ** 2 }, (_, index): Point => [
  GRID.spacing * ((index % GRID.side) - middle),
  GRID.spacing * (floor(index / GRID.side) - middle),
]);

export const TOY_SETS: { readonly [T in ToyName]: ToySet } = {
  ring: mixture('8 Gaussians on a ring', ring, RING.deviation),
  grid: mixture('25 Gaussians on a grid', grid, GRID.deviation),
  roll: swissRoll(),
};

type Point = readonly [number, number];

function mixture(title: string, middles: readonly Point[], deviation: number): ToySet {
  return {
    ...{ title, deviation, parts: middles.length },
    draw: (count, random) => {
      const which = new Float32Array(count);
      random.stream('part').fillIntegers(which, 0, middles.length);
      return scatter(count, deviation, random, (row) => middles[which[row]!]!);
    },
    nearest: (x, y) => nearestOf(middles, x, y),
  };
}

/** Parts of the roll are those of its parameter: as likely as each other, as the parameter is uniform. */
function swissRoll(): ToySet {
  const { first, turns, scale, deviation, parts } = ROLL;
  const at = (share: number): Point => {
    const t = first + turns * share;
    return [scale * t * cos(t), scale * t * sin(t)];
  };
  const curve = Array.from({ length: CURVE_POINTS }, (_, index) => at((index + 0.5) / CURVE_POINTS));
  return {
    ...{ title: 'swiss roll', deviation, parts },
    draw: (count, random) => {
      const share = new Float32Array(count);
      random.stream('part').fillUniform(share, 0);
      return scatter(count, deviation, random, (row) => at(share[row]!));
    },
    nearest: (x, y) => {
      const { part, distance } = nearestOf(curve, x, y);
      return { part: floor((part * parts) / CURVE_POINTS), distance };
    },
  };
}

/** Normal noise around a middle for each row. */
function scatter(count: number, deviation: number, random: Random, middleOf: (row: number) => Point): Float32Array {
  const out = new Float32Array(2 * count);
  random.stream('noise').fillNormal(out, 0);
  for (let row = 0; row < count; row++) {
    const [x, y] = middleOf(row);
    out[2 * row] = x + deviation * out[2 * row]!;
    out[2 * row + 1] = y + deviation * out[2 * row + 1]!;
  }
  return out;
}

function nearestOf(points: readonly Point[], x: number, y: number): Nearest {
  let [part, distance] = [0, Infinity];
  points.forEach(([px, py], index) => {
    const away = hypot(x - px, y - py);
    if (away < distance) [part, distance] = [index, away];
  });
  return { part, distance };
}
