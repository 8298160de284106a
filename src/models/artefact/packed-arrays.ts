/** What `packArrays` wrote, before anybody has looked at it. */
export interface PackedArrays {
  readonly header: unknown;
  /** The next so many values; throws where the bytes end before. */
  readonly read: (length: number) => Float32Array;
}

/** Length of the header (4 bytes, little-endian), header as JSON, padding to four bytes, float32 values. */
export function packArrays(header: Readonly<Record<string, unknown>>, arrays: readonly Float32Array[]): Uint8Array {
  const text = JSON.stringify(header);
  const bytes = Buffer.from(text + ' '.repeat((4 - (Buffer.byteLength(text) % 4)) % 4));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  const values = arrays.map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
  return Buffer.concat([length, bytes, ...values]);
}

/** Throws anything where the bytes are others. */
export function unpackArrays(bytes: Uint8Array): PackedArrays {
  const content = Buffer.from(Uint8Array.from(bytes).buffer);
  let at = 4 + content.readUInt32LE(0);
  const header: unknown = JSON.parse(content.toString('utf8', 4, at));
  return {
    header,
    read: (length) => {
      const values = new Float32Array(content.buffer, at, length);
      at += values.byteLength;
      return values;
    },
  };
}
