import { crc32c } from '@platformatic/wasm-utils';

const [LENGTH_AT, BEFORE_LENGTH, CRC_AT, ATTRIBUTES_AT, HEAD_BYTES] = [8, 12, 17, 21, 61];

/** Record batches whose checksums are right again, as those of a producer are that means what it writes; what is cut stays as it is. */
export function withSums(batches: Buffer): Buffer {
  const summed = Buffer.from(batches);
  for (let at = 0; at + HEAD_BYTES <= summed.length;) {
    const end = at + BEFORE_LENGTH + summed.readInt32BE(at + LENGTH_AT);
    if (end < at + HEAD_BYTES || end > summed.length) break;
    summed.writeUInt32BE(crc32c(summed.subarray(at + ATTRIBUTES_AT, end)) >>> 0, at + CRC_AT);
    at = end;
  }
  return summed;
}
