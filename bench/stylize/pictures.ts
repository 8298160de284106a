import { createRandom } from '../../src/base/philox.ts';
import { createDice, type Dice } from '../../src/models/images/dice.ts';

/** A colour at a place, -1 .. 1 across the picture: red, green and blue in 0 .. 255. */
type Paint = (x: number, y: number) => readonly number[];

/** Raw rows [count, 3 size size] in 0 .. 255, so that a picture is the same whatever else is drawn. */
export interface Drawn {
  readonly size: number;
  readonly count: number;
  /** First picture; the others follow. */
  readonly from: number;
}

/** Scenes: some bodies, lit from one side, before a ground that grows darker upwards. */
export const drawScenes = (drawn: Drawn): Float32Array => drawAll('scene', drawn, scene);

/** Patterns in few colours, by the name of their kind. */
export const drawPatterns = (kind: PatternKind, drawn: Drawn): Float32Array =>
  drawAll(`pattern ${kind}`, drawn, (dice) => PATTERNS[kind](dice));

function drawAll(name: string, { size, count, from }: Drawn, paintOf: (dice: Dice) => Paint): Float32Array {
  const stream = createRandom(7).stream('pictures', name);
  const [area, side] = [size ** 2, SAMPLES];
  const out = new Float32Array(count * 3 * area);
  for (let picture = 0; picture < count; picture++) {
    const paint = paintOf(createDice(stream, from + picture));
    for (let at = 0; at < area * side ** 2; at++) {
      const [pixel, sample] = [Math.floor(at / side ** 2), at % side ** 2];
      const x = ((pixel % size) + ((sample % side) + 0.5) / side) / size;
      const y = (Math.floor(pixel / size) + (Math.floor(sample / side) + 0.5) / side) / size;
      const colour = paint(2 * x - 1, 2 * y - 1);
      for (let c = 0; c < 3; c++) out[(picture * 3 + c) * area + pixel]! += colour[c]! / side ** 2;
    }
  }
  return out;
}

/** Places of a pixel, along an axis, that are painted: edges are smooth. */
const SAMPLES = 2;

const mix = (a: readonly number[], b: readonly number[], t: number): readonly number[] =>
  a.map((value, c) => value + (b[c]! - value) * t);

/** A colour of a hue around the wheel: lightness and saturation in 0 .. 1. */
function colourOf(hue: number, saturation: number, lightness: number): readonly number[] {
  const spread = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const k = (offset + hue * 12) % 12;
    return 255 * (lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}

const someColour = (dice: Dice, low: number, high: number): readonly number[] =>
  colourOf(dice.uniform(), dice.uniform(0.3, 0.9), dice.uniform(low, high));

type Body = (x: number, y: number, r: number) => boolean;
const BODIES: readonly Body[] = [
  (x, y, r) => x * x + y * y < r * r,
  (x, y, r) => Math.max(Math.abs(x), Math.abs(y)) < 0.85 * r,
  (x, y, r) => y < 0.7 * r && y > -r + 1.7 * Math.abs(x),
  (x, y, r) => Math.abs(Math.hypot(x, y) - 0.75 * r) < 0.28 * r,
];

function scene(dice: Dice): Paint {
  const [near, far] = [someColour(dice, 0.55, 0.85), someColour(dice, 0.15, 0.45)];
  const [ground, grain] = [clouds(dice, 0.3, 2), clouds(dice, 3, 9)];
  const light = dice.uniform(0, 2 * Math.PI);
  const bodies = Array.from({ length: dice.whole(2, 4) }, () => ({
    ...{ x: dice.uniform(-0.6, 0.6), y: dice.uniform(-0.6, 0.6), r: dice.uniform(0.3, 0.6) },
    ...{ is: BODIES[dice.whole(0, BODIES.length - 1)]!, turn: dice.uniform(0, 2 * Math.PI) },
    colour: someColour(dice, 0.3, 0.7),
  }));
  const bodyAt = (x: number, y: number): readonly number[] | undefined => {
    for (const { x: left, y: top, r, is, turn, colour } of bodies) {
      const [dx, dy] = [x - left, y - top];
      const [u, v] = [dx * Math.cos(turn) - dy * Math.sin(turn), dx * Math.sin(turn) + dy * Math.cos(turn)];
      if (!is(u, v, r)) continue;
      const lit = (dx * Math.cos(light) + dy * Math.sin(light)) / r;
      return mix(colour, lit > 0 ? WHITE : BLACK, 0.45 * Math.abs(lit));
    }
    return undefined;
  };
  return (x, y) => {
    const smooth = bodyAt(x, y) ?? mix(far, near, (y + 1) / 4 + ground(x, y) / 2);
    const rough = grain(x, y) - 0.5;
    return mix(smooth, rough > 0 ? WHITE : BLACK, 0.25 * Math.abs(rough));
  };
}

const [WHITE, BLACK] = [
  [255, 255, 255],
  [0, 0, 0],
];

/** A smooth random field, 0 .. 1: waves in all directions, the shorter the smaller, `low` to `high` of them in half a picture. */
function clouds(dice: Dice, low: number, high: number): (x: number, y: number) => number {
  const waves = Array.from({ length: 12 }, () => {
    const [turn, pace] = [dice.uniform(0, 2 * Math.PI), dice.uniform(low, high)];
    return [pace * Math.cos(turn), pace * Math.sin(turn), dice.uniform(), 1 / pace] as const;
  });
  const most = waves.reduce((total, [, , , size]) => total + size, 0) / 2;
  return (x, y) => {
    const at = waves.reduce(
      (total, [u, v, by, size]) => total + size * Math.sin(2 * Math.PI * (u * x + v * y + by)),
      0,
    );
    return Math.min(1, Math.max(0, 0.5 + at / most / 2));
  };
}

const wave = (at: number): number => 0.5 + 0.5 * Math.sin(2 * Math.PI * at);
const step = (at: number): number => (at > 0.5 ? 1 : 0);

/** Two colours of a pattern, apart in lightness. */
const twoColours = (dice: Dice): readonly [readonly number[], readonly number[]] => [
  someColour(dice, 0.1, 0.4),
  someColour(dice, 0.6, 0.9),
];

/** Kinds of pattern: how much of the second colour is at a place. */
const PATTERNS = {
  stripes: (dice) => {
    const [a, b] = twoColours(dice);
    const [turn, count] = [dice.uniform(0, Math.PI), dice.uniform(3, 8)];
    return (x, y) => mix(a, b, step(wave((count / 2) * (x * Math.cos(turn) + y * Math.sin(turn)))));
  },
  checks: (dice) => {
    const [a, b] = twoColours(dice);
    const [count, turn] = [dice.uniform(3, 8) / 2, dice.uniform(0, 1)];
    return (x, y) => {
      const [u, v] = [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
      return mix(a, b, step(wave(count * u)) === step(wave(count * v)) ? 1 : 0);
    };
  },
  dots: (dice) => {
    const [a, b] = twoColours(dice);
    const [count, radius] = [dice.uniform(3, 7) / 2, dice.uniform(0.25, 0.42)];
    return (x, y) => {
      const row = Math.floor(y * count);
      const u = x * count + (row % 2) / 2;
      return mix(a, b, Math.hypot(u - Math.floor(u) - 0.5, y * count - row - 0.5) < radius ? 1 : 0);
    };
  },
  rings: (dice) => {
    const [a, b] = twoColours(dice);
    const [left, top, count] = [dice.uniform(-0.5, 0.5), dice.uniform(-0.5, 0.5), dice.uniform(2, 5)];
    return (x, y) => mix(a, b, wave(count * Math.hypot(x - left, y - top)));
  },
  clouds: (dice) => {
    const [a, b] = twoColours(dice);
    const field = clouds(dice, 0.3, 3);
    return (x, y) => mix(a, b, Math.min(1, Math.max(0, 2 * field(x, y) - 0.5)));
  },
  bricks: (dice) => {
    const [joint, brick] = twoColours(dice);
    const [count, width] = [dice.uniform(3, 6) / 2, dice.uniform(0.1, 0.22)];
    return (x, y) => {
      const row = Math.floor(y * count);
      const u = (x * count) / 2 + (row % 2) / 2;
      const isJoint = y * count - row < width || u - Math.floor(u) < width / 2;
      return isJoint ? joint : mix(brick, joint, 0.25 * wave(37 * Math.floor(u) * 0.31 + row * 0.17));
    };
  },
  waves: (dice) => {
    const [a, b] = twoColours(dice);
    const c = someColour(dice, 0.3, 0.7);
    const [count, swing, pace] = [dice.uniform(3, 6) / 2, dice.uniform(0.1, 0.3), dice.uniform(0.5, 1.5)];
    return (x, y) => {
      const at = count * (y + swing * Math.sin(2 * Math.PI * pace * x));
      const part = at - Math.floor(at);
      return part < 0.33 ? a : part < 0.66 ? b : c;
    };
  },
  hatching: (dice) => {
    const [ink, paper] = twoColours(dice);
    const [turn, count, width] = [dice.uniform(0, Math.PI), dice.uniform(6, 10) / 2, dice.uniform(0.25, 0.45)];
    const line = (x: number, y: number, by: number): boolean => {
      const at = count * (x * Math.cos(turn + by) + y * Math.sin(turn + by));
      return at - Math.floor(at) < width;
    };
    return (x, y) => (line(x, y, 0) || (x + y > 0 && line(x, y, 1.2)) ? ink : paper);
  },
} as const satisfies Record<string, (dice: Dice) => Paint>;
export type PatternKind = keyof typeof PATTERNS;
export const PATTERN_KINDS = Object.keys(PATTERNS) as PatternKind[];
