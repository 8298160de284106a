import type { RandomStream } from '../../base/philox.ts';

/** Random numbers of one step, one after the other: the same for the same stream and step. */
export interface Dice {
  /** Uniform in [low, high). */
  readonly uniform: (low?: number, high?: number) => number;
  /** A whole number from low to high, both included. */
  readonly whole: (low: number, high: number) => number;
  readonly normal: () => number;
  /** True for half of the calls. */
  readonly coin: () => boolean;
  /** 0 .. n - 1 in random order. */
  readonly order: (n: number) => number[];
  /** The same, but never 0, 1, 2, ...; n is at least 2. */
  readonly disorder: (n: number) => number[];
}

/** Numbers that are drawn at a time. */
const CHUNK = 1024;
/** Chunks of one step; a step's numbers never run into the next step's. */
const CHUNKS_PER_STEP = 2 ** 12;

export function createDice(stream: RandomStream, step: number): Dice {
  const next = (fill: (out: Float32Array, at: number) => void): (() => number) => {
    const buffer = new Float32Array(CHUNK);
    let [used, chunk] = [CHUNK, 0];
    return () => {
      if (used === CHUNK) {
        fill(buffer, step * CHUNKS_PER_STEP + chunk++);
        used = 0;
      }
      return buffer[used++]!;
    };
  };
  const unit = next((out, at) => stream.fillUniform(out, at));
  const normal = next((out, at) => stream.fillNormal(out, at));
  const dice: Dice = {
    normal,
    uniform: (low = 0, high = 1) => low + unit() * (high - low),
    whole: (low, high) => low + Math.floor(unit() * (high - low + 1)),
    coin: () => unit() < 0.5,
    order: (n) => {
      const places = Array.from({ length: n }, (_, index) => index);
      for (let last = n - 1; last > 0; last--) {
        const other = dice.whole(0, last);
        [places[last], places[other]] = [places[other]!, places[last]!];
      }
      return places;
    },
    disorder: (n) => {
      for (;;) {
        const places = dice.order(n);
        if (places.some((place, index) => place !== index)) return places;
      }
    },
  };
  return dice;
}
