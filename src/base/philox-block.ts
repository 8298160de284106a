/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 *
 * A counter-based generator is a pure function of (key, counter): there is no state to save, so a run that is resumed at
 * step k draws exactly what the uninterrupted run draws at step k. The 64-bit key and one counter word say which stream
 * it is; the other three words say which step, which kind of draw and which block of four values:
 *
 * | word | holds                                                   |
 * |------|---------------------------------------------------------|
 * | c0   | block of four values inside one call                    |
 * | c1   | step, low 32 bits                                       |
 * | c2   | step, high 21 bits, and the kind of draw above them     |
 * | c3   | last third of the stream's identity (the rest is the key) |
 */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
/** A local name: where `Math` is looked up at each use (in a vm context, as Jest's), this loop is 50 times slower. */
const imul = Math.imul;

/** Key and the counter words that stay the same for a whole call: [k0, k1, c1, c2, c3]. */
export type PhiloxPosition = readonly [k0: number, k1: number, c1: number, c2: number, c3: number];

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers; JavaScript has no such multiplication. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (imul(aHigh, bLow) + (imul(aLow, bLow) >>> 16)) | 0;
  const carry = (imul(aLow, bHigh) + (middle & 0xffff)) >>> 16;
  return (imul(aHigh, bHigh) + (middle >>> 16) + carry) | 0;
}

/**
 * Fills `out` with random 32-bit words: blocks `firstBlock`, `firstBlock + 1`, ... of the position, four words each (the
 * last block is cut where `out` ends). Two blocks at a time, x and y: neither waits for the other, and the processor
 * computes them together.
 */
export function fillPhilox(out: Uint32Array, position: PhiloxPosition, firstBlock: number): void {
  const [k0, k1, c1, c2, c3] = position;
  for (let at = 0, block = firstBlock; at < out.length; at += 8, block += 2) {
    let [x0, x1, x2, x3] = [block | 0, c1 | 0, c2 | 0, c3 | 0];
    let [y0, y1, y2, y3] = [(block + 1) | 0, c1 | 0, c2 | 0, c3 | 0];
    let [key0, key1] = [k0 | 0, k1 | 0];
    for (let round = 0; round < ROUNDS; round++) {
      const highX0 = multiplyHigh(MULTIPLIER_0, x0);
      const highX1 = multiplyHigh(MULTIPLIER_1, x2);
      const lowX0 = imul(MULTIPLIER_0, x0);
      const lowX1 = imul(MULTIPLIER_1, x2);
      const highY0 = multiplyHigh(MULTIPLIER_0, y0);
      const highY1 = multiplyHigh(MULTIPLIER_1, y2);
      const lowY0 = imul(MULTIPLIER_0, y0);
      const lowY1 = imul(MULTIPLIER_1, y2);
      x0 = highX1 ^ x1 ^ key0;
      x2 = highX0 ^ x3 ^ key1;
      x1 = lowX1;
      x3 = lowX0;
      y0 = highY1 ^ y1 ^ key0;
      y2 = highY0 ^ y3 ^ key1;
      y1 = lowY1;
      y3 = lowY0;
      key0 = (key0 + WEYL_0) | 0;
      key1 = (key1 + WEYL_1) | 0;
    }
    // Writes past the end of a typed array do nothing.
    out[at] = x0;
    out[at + 1] = x1;
    out[at + 2] = x2;
    out[at + 3] = x3;
    out[at + 4] = y0;
    out[at + 5] = y1;
    out[at + 6] = y2;
    out[at + 7] = y3;
  }
}
