/** What jobs of like sizes have taken at the least, by the inferences of late: what cannot be done is known by it, not what may be. */
export interface LeastTimes {
  /** Takes an inference of so many rows. */
  learn(rows: number, ms: number): void;
  /** Milliseconds that so many rows take at the least; 0 where too little is known. */
  leastMs(rows: number): number;
  /** Asked for a job of so many rows that is to be refused by this: whether it should be tried all the same. */
  isTurnToTry(rows: number): boolean;
}

/** Inferences of a size before anything is said of it: the first ones are slower. */
const PROOFS = 4;

/** A slower inference counts by one part in so many, and as twice as slow at most: a pause of the machine says little, what lasts says all. */
const SLOWNESS_REMEMBERED = 8;

/** One job in so many of those that are to be refused is tried. */
const TURN_TO_TRY = 16;

/** Sizes between one power of two and the next. */
interface Size {
  rows: number;
  ms: number;
  proofs: number;
  refused: number;
}

/** A quicker inference counts at once, so that one that is tried puts right what a slow hour has taught. */
export function createLeastTimes(): LeastTimes {
  const sizes = Array.from({ length: 32 }, (): Size => ({ rows: 1, ms: 0, proofs: 0, refused: 0 }));
  const sizeOf = (rows: number): Size => sizes[31 - Math.clz32(rows)]!;
  return {
    learn: (rows, ms) => {
      const size = sizeOf(rows);
      const isQuicker = size.proofs === 0 || ms < leastOf(size, rows);
      const part = isQuicker ? 1 : 1 / SLOWNESS_REMEMBERED;
      size.rows += part * (rows - size.rows);
      size.ms += part * ((isQuicker ? ms : Math.min(ms, 2 * size.ms)) - size.ms);
      size.proofs++;
    },
    leastMs: (rows) => {
      const size = sizeOf(rows);
      return size.proofs < PROOFS ? 0 : leastOf(size, rows);
    },
    isTurnToTry: (rows) => ++sizeOf(rows).refused % TURN_TO_TRY === 0,
  };
}

/** Fewer rows take no less than their part of the time that more take, and more no less than fewer. */
const leastOf = (size: Size, rows: number): number => size.ms * Math.min(1, rows / size.rows);
