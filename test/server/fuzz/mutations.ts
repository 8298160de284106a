import fc from 'fast-check';

type Change = (bytes: Buffer, at: number, value: number) => Buffer;

/** What happens to bytes on the way, and what somebody would try on purpose; `at` lies within the bytes. */
const CHANGES: readonly Change[] = [
  (bytes, at, value) => replace(bytes, at, 1, Buffer.of(value)),
  (bytes, at, value) => replace(bytes, at, 0, Buffer.of(value)),
  (bytes, at, value) => replace(bytes, at, 1 + (value % 8), Buffer.alloc(0)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, value) => replace(bytes, at, 0, bytes.subarray(at, at + 1 + (value % 32))),
  // A length or a number of protobuf at the edges of 32 and 64 bits.
  (bytes, at, value) => replace(bytes, at, 1, EDGES[value % EDGES.length]!),
  // Bytes that are no UTF-8, a NUL, a line break, a quote.
  (bytes, at, value) => replace(bytes, at, 1, WORDS[value % WORDS.length]!),
  (bytes, at, value) => replace(bytes, at, 0, Buffer.alloc(256 * (1 + (value % 8)), value)),
];
const EDGES = ['ffffffff07', 'ffffffff0f', '8080808010', 'ffffffffffffffffff01', '80', '00', '7f'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const WORDS = [
  '\xff\xfe',
  '\0',
  '\r\n',
  '"',
  '{',
  '}',
  '__proto__',
  '../',
  '%00',
  '\u2028',
  '-1',
  '1e999',
  'NaN',
  '[[[[',
].map((text) => Buffer.from(text, 'latin1'));

function replace(bytes: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}

/** Mostly one of the good inputs with some changes; the input itself, and bytes without any sense, now and then. */
export function mutated(goods: readonly (Buffer | string)[]): fc.Arbitrary<Buffer> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const change = fc.tuple(fc.nat(CHANGES.length - 1), place, fc.nat(255));
  const changed = fc
    .tuple(fc.constantFrom(...goods), fc.array(change, { maxLength: 6 }))
    .map(([good, changes]) =>
      changes.reduce<Buffer>(
        (bytes, [which, where, value]) => CHANGES[which]!(bytes, Math.floor(where * bytes.length), value),
        Buffer.from(good),
      ),
    );
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ arbitrary: changed, weight: 9 }, { arbitrary: noise, weight: 1 });
}
