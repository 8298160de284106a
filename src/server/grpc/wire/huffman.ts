/**
 * Huffman's code of HPACK (RFC 7541, appendix B). Codes of one length follow each other in the order of their symbols, so that
 * the lengths in bits say all: one character a byte, in base 36, and the last one for the end of a string.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbedskm' +
  'kkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';
const END_OF_STRING = 256;

/** Where the next bit leads: `STEPS[2 * place + bit]` is another place, or `-1 - symbol`. */
const STEPS = toSteps(Array.from(LENGTHS, (length) => parseInt(length, 36)));

function toSteps(lengths: readonly number[]): Int16Array {
  const steps: number[] = [0, 0];
  const symbols = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  let [code, bits] = [0, 0];
  for (const symbol of symbols) {
    code *= 2 ** (lengths[symbol]! - bits);
    bits = lengths[symbol]!;
    let place = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const step = 2 * place + (Math.floor(code / 2 ** bit) % 2);
      if (steps[step] === 0) {
        steps[step] = steps.length / 2;
        steps.push(0, 0);
      }
      place = steps[step]!;
    }
    steps[2 * place + (code % 2)] = -1 - symbol;
    code++;
  }
  return Int16Array.from(steps);
}

/** The string that bytes `from` to `to` stand for, one character a byte; undefined where they stand for none. */
export function decodeHuffman(bytes: Buffer, from: number, to: number): string | undefined {
  let [text, place, open, ones] = ['', 0, 0, true];
  for (let at = from; at < to; at++) {
    for (let bit = 7; bit >= 0; bit--) {
      const value = (bytes[at]! >> bit) & 1;
      const next = STEPS[2 * place + value]!;
      if (next >= 0) {
        place = next;
        open++;
        ones &&= value === 1;
        continue;
      }
      if (next === -1 - END_OF_STRING) return undefined;
      text += String.fromCharCode(-1 - next);
      [place, open, ones] = [0, 0, true];
    }
  }
  // What is left must be the beginning of the end: less than a byte, of ones.
  return open < 8 && ones ? text : undefined;
}
