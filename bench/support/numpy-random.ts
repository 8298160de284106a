/**
 * numpy's `RandomState(seed)`, as far as the benches need it, so that a split here has the same rows as one made in Python.
 * MT19937: Matsumoto and Nishimura 1998. The draws are numpy's legacy ones, which it promises never to change (NEP 19).
 */
export interface NumpyRandom {
  /** `RandomState.permutation(n)`: Fisher and Yates from the end. */
  permutation(n: number): Uint32Array;
  /** `RandomState.randint(0, bound, size)`, and so `choice(bound, size)` with replacement. */
  integers(bound: number, size: number): Uint32Array;
}

const WORDS = 624;
const MIDDLE = 397;
const MATRIX_A = 0x9908b0df;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;

/** `seed`: a whole number in [0, 2^32). */
export function createNumpyRandom(seed: number): NumpyRandom {
  const next = createMt19937(seed);
  /** Uniform in [0, most], by masked rejection (`random_interval`). */
  const upTo = (most: number): number => {
    if (most === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (next() & mask) >>> 0;
      if (value <= most) return value;
    }
  };
  return {
    permutation: (n) => {
      const order = Uint32Array.from({ length: n }, (_, index) => index);
      for (let last = n - 1; last > 0; last--) {
        const other = upTo(last);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
    integers: (bound, size) => Uint32Array.from({ length: size }, () => upTo(bound - 1)),
  };
}

/** The generator's 32-bit words, seeded by `init_genrand`. */
function createMt19937(seed: number): () => number {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let at = 1; at < WORDS; at++) {
    const before = state[at - 1]! ^ (state[at - 1]! >>> 30);
    state[at] = Math.imul(1_812_433_253, before) + at;
  }
  let at = WORDS;
  return () => {
    if (at === WORDS) {
      twist(state);
      at = 0;
    }
    return temper(state[at++]!);
  };
}

function twist(state: Uint32Array): void {
  for (let at = 0; at < WORDS; at++) {
    const joined = (state[at]! & UPPER_BIT) | (state[(at + 1) % WORDS]! & LOWER_BITS);
    state[at] = state[(at + MIDDLE) % WORDS]! ^ (joined >>> 1) ^ (joined & 1 ? MATRIX_A : 0);
  }
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  y ^= y >>> 18;
  return y >>> 0;
}
