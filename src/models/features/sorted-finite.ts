/** Fewer values than this are sorted sooner by comparing. */
const FEW = 4096;
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
const SIGN = 0x8000_0000;

/**
 * The finite values, ascending, in an array of their own. Columns of millions of numbers are what it is for: there a
 * radix sort (three passes of 11 bits over the bit patterns, made to order as the numbers do) takes a quarter of the time
 * of `Float32Array.sort`. Loops by index: `for ... of` would take three times as long.
 */
export function sortedFinite(values: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) out[count++] = values[i]!;
  return count < FEW ? out.subarray(0, count).sort() : sortByDigits(new Uint32Array(out.buffer, 0, count));
}

/** Sorts the bit patterns of floats, and gives them back as floats. */
function sortByDigits(bits: Uint32Array): Float32Array {
  const { length } = bits;
  // Below zero, larger patterns are smaller numbers: all bits are turned round. From zero on, only the sign is.
  for (let i = 0; i < length; i++) bits[i] = bits[i]! >= SIGN ? ~bits[i]! : bits[i]! | SIGN;
  let [keys, spare]: [Uint32Array, Uint32Array] = [bits, new Uint32Array(length)];
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = new Uint32Array(DIGITS + 1);
    for (let i = 0; i < length; i++) starts[((keys[i]! >>> shift) & (DIGITS - 1)) + 1]!++;
    for (let digit = 0; digit < DIGITS; digit++) starts[digit + 1]! += starts[digit]!;
    for (let i = 0; i < length; i++) spare[starts[(keys[i]! >>> shift) & (DIGITS - 1)]!++] = keys[i]!;
    [keys, spare] = [spare, keys];
  }
  for (let i = 0; i < length; i++) keys[i] = keys[i]! >= SIGN ? keys[i]! & ~SIGN : ~keys[i]!;
  return new Float32Array(keys.buffer, keys.byteOffset, length);
}
