/**
 * Packed rows, with the last one twice where their number is odd. The CPU's matrix kernels take rows in pairs and round an
 * odd one differently, in the seventh digit; with an even number, a row's answer is the same, to the bit, in every batch.
 */
export function evenRows(rows: Float32Array, width: number): Float32Array {
  if ((rows.length / width) % 2 === 0) return rows;
  const even = new Float32Array(rows.length + width);
  even.set(rows);
  even.set(rows.subarray(-width), rows.length);
  return even;
}
