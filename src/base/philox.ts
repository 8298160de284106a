import { createHash } from 'node:crypto';
import { fillNormalPairs } from './box-muller.ts';
import { AristarchError } from './errors.ts';
import { fillPhilox, type PhiloxPosition } from './philox-block.ts';

/** Where a stream is in the tree of streams: `stream('noise', 'generator', 3)`. */
export type StreamPath = readonly (string | number)[];

/**
 * An endless source of numbers that is addressed by step and has no state: the same (seed, path, step) always gives the
 * same values, whatever was drawn before. Different kinds of draw at one step are independent of each other.
 */
export interface RandomStream {
  /** Uniform in [0, 1), multiples of 2^-24, so that float32 holds them exactly. */
  fillUniform(out: Float32Array, step: number): void;
  /** Standard normal, by Box and Muller (1958); at most 6.66 in size. */
  fillNormal(out: Float32Array, step: number): void;
  /** Whole numbers in [0, bound); `bound` at most 2^24 (float32 holds no more); bias below bound / 2^32. */
  fillIntegers(out: Float32Array, step: number, bound: number): void;
  /** A permutation of 0 .. n - 1 (Fisher and Yates); another one for each step. */
  permutation(n: number, step?: number): Uint32Array;
}

export interface Random {
  /** An independent stream; its path is its name. */
  stream(...path: StreamPath): RandomStream;
}

/** Kinds of draw, kept apart in the counter. */
const KIND = { uniform: 0, normal: 1, integers: 2, permutation: 3 } as const;
/** Words drawn at a time: 16 KB of scratch stays in the processor's first cache. A multiple of four. */
const CHUNK = 4096;
const TWO_POW_32 = 2 ** 32;
const LARGEST_BOUND = 2 ** 24;
/** Local names, for speed in vm contexts (philox-block.ts). */
const { ceil, floor } = Math;

/** The root of all randomness of a run. `seed` is any whole number. */
export function createRandom(seed: number | bigint): Random {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new AristarchError('INVALID_INPUT', `seed is ${seed}: give a whole number, for example 1`, { seed });
  }
  return { stream: (...path) => createStream(seed, path) };
}

type Convert = (words: Uint32Array, out: Float32Array, at: number) => void;

function createStream(seed: number | bigint, path: StreamPath): RandomStream {
  const identity = identityOf(seed, path);
  const fill = (out: Float32Array, step: number, kind: number, convert: Convert) => {
    const position = positionAt(identity, step, kind);
    const scratch = new Uint32Array(Math.min(CHUNK, ceil(out.length / 4) * 4));
    for (let at = 0; at < out.length; at += scratch.length) {
      fillPhilox(scratch, position, at / 4);
      convert(scratch, out, at);
    }
  };
  return {
    fillUniform: (out, step) => fill(out, step, KIND.uniform, toUniform),
    fillNormal: (out, step) => fill(out, step, KIND.normal, toNormal),
    fillIntegers: (out, step, bound) => fill(out, step, KIND.integers, toIntegers(checkBound(bound))),
    permutation: (n, step = 0) => permute(n, positionAt(identity, step, KIND.permutation)),
  };
}

/** 96 bits that name the stream. A hash, so that no two paths that are written differently can meet by arithmetic. */
function identityOf(seed: number | bigint, path: StreamPath): readonly [number, number, number] {
  const digest = createHash('sha256')
    .update(JSON.stringify([String(seed), ...path]))
    .digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)];
}

function positionAt(identity: readonly [number, number, number], step: number, kind: number): PhiloxPosition {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new AristarchError('INVALID_INPUT', `step is ${step}: give a whole number from 0 on`, { step });
  }
  const high = floor(step / TWO_POW_32) | (kind << 24);
  return [identity[0], identity[1], step % TWO_POW_32, high, identity[2]];
}

function checkBound(bound: number): number {
  if (Number.isInteger(bound) && bound >= 1 && bound <= LARGEST_BOUND) return bound;
  throw new AristarchError('INVALID_INPUT', `bound is ${bound}: give a whole number from 1 to ${LARGEST_BOUND}`, {
    bound,
  });
}

const toUniform: Convert = (words, out, at) => {
  const count = Math.min(words.length, out.length - at);
  for (let i = 0; i < count; i++) out[at + i] = (words[i]! >>> 8) * 2 ** -24;
};

const toNormal: Convert = (words, out, at) => fillNormalPairs(words, out, at, Math.min(words.length, out.length - at));

const toIntegers =
  (bound: number): Convert =>
  (words, out, at) => {
    const count = Math.min(words.length, out.length - at);
    const scale = bound / TWO_POW_32;
    for (let i = 0; i < count; i++) out[at + i] = floor(words[i]! * scale);
  };

function permute(n: number, position: PhiloxPosition): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  const words = new Uint32Array(n);
  fillPhilox(words, position, 0);
  for (let last = n - 1; last > 0; last--) {
    const other = floor((words[last]! * (last + 1)) / TWO_POW_32);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}

/** A part of the tree of streams: every path starts with the given one. */
export function scopeRandom(random: Random, ...prefix: StreamPath): Random {
  return { stream: (...path) => random.stream(...prefix, ...path) };
}
