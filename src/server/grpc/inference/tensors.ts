import { isUtf8 } from 'node:buffer';
import { AristarchError } from '../../../base/errors.ts';
import type { WireContents, WireInput } from './contract.ts';

/** How a type's values lie in raw bytes (little-endian), and which field has them where they are typed. */
interface Layout<C extends keyof WireContents> {
  /** Bytes of a value. */
  readonly size: number;
  readonly read: (bytes: Buffer, at: number) => unknown;
  readonly contents: C;
}

/** The types of the protocol, but for FP16 and BF16. */
const LAYOUTS = {
  BOOL: { size: 1, read: (bytes, at) => bytes[at] !== 0, contents: 'boolContents' },
  INT8: { size: 1, read: (bytes, at) => bytes.readInt8(at), contents: 'intContents' },
  INT16: { size: 2, read: (bytes, at) => bytes.readInt16LE(at), contents: 'intContents' },
  INT32: { size: 4, read: (bytes, at) => bytes.readInt32LE(at), contents: 'intContents' },
  INT64: { size: 8, read: (bytes, at) => Number(bytes.readBigInt64LE(at)), contents: 'int64Contents' },
  UINT8: { size: 1, read: (bytes, at) => bytes.readUInt8(at), contents: 'uintContents' },
  UINT16: { size: 2, read: (bytes, at) => bytes.readUInt16LE(at), contents: 'uintContents' },
  UINT32: { size: 4, read: (bytes, at) => bytes.readUInt32LE(at), contents: 'uintContents' },
  UINT64: { size: 8, read: (bytes, at) => Number(bytes.readBigUInt64LE(at)), contents: 'uint64Contents' },
  FP32: { size: 4, read: (bytes, at) => bytes.readFloatLE(at), contents: 'fp32Contents' },
  FP64: { size: 8, read: (bytes, at) => bytes.readDoubleLE(at), contents: 'fp64Contents' },
} as const satisfies Readonly<Record<string, Layout<keyof WireContents>>>;

/** The values of an input, row by row; for BYTES texts, or bytes where they are none, such as an image's. Throws `INVALID_INPUT` where type, shape and contents do not fit. */
export function readTensor(input: WireInput, raw: Buffer | undefined): readonly unknown[] {
  const count = countValues(input);
  const values = raw === undefined ? readTyped(input) : readRaw(input, raw, count);
  if (values.length === count) return values;
  throw unfit(input, `has ${values.length} values, and its shape [${input.shape.join(', ')}] says ${count}`);
}

/** How many values its shape says. Throws `INVALID_INPUT` for what is no shape. */
export function countValues(input: WireInput): number {
  const { shape } = input;
  const count = shape.reduce((product, length) => product * length, 1);
  if (shape.length > 0 && shape.every((length) => Number.isInteger(length) && length >= 0) && count < 2 ** 31)
    return count;
  throw unfit(input, `has the shape [${shape.join(', ')}], which is none: give the number of rows, such as [8]`);
}

function readTyped(input: WireInput): readonly unknown[] {
  const { contents } = input;
  if (contents === null) throw unfit(input, 'has no contents');
  if (input.datatype === 'BYTES') return contents.bytesContents.map(toText);
  return contents[layoutOf(input).contents];
}

function readRaw(input: WireInput, raw: Buffer, count: number): readonly unknown[] {
  if (input.datatype === 'BYTES') return readTexts(input, raw);
  const { size, read } = layoutOf(input);
  if (raw.length !== count * size) {
    throw unfit(input, `has ${raw.length} raw bytes, and ${count} values of ${input.datatype} take ${count * size}`);
  }
  return Array.from({ length: count }, (_, place) => read(raw, place * size));
}

/** Each text after its length, in four bytes. */
function readTexts(input: WireInput, raw: Buffer): readonly (string | Buffer)[] {
  const texts: (string | Buffer)[] = [];
  for (let at = 0; at < raw.length;) {
    const length = at + 4 <= raw.length ? raw.readUInt32LE(at) : Infinity;
    if (at + 4 + length > raw.length) throw unfit(input, `ends within text ${texts.length}`);
    texts.push(toText(raw.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return texts;
}

/** Whoever wants a text refuses bytes; no image is UTF-8 (PNG and JPEG begin with bytes that never occur in it). */
const toText = (bytes: Buffer): string | Buffer => (isUtf8(bytes) ? bytes.toString('utf8') : bytes);

function layoutOf(input: WireInput): Layout<keyof WireContents> {
  const layouts: Readonly<Record<string, Layout<keyof WireContents>>> = LAYOUTS;
  const layout = Object.hasOwn(layouts, input.datatype) ? layouts[input.datatype] : undefined;
  if (layout !== undefined) return layout;
  throw unfit(input, `is of no type that is known here; those are ${[...Object.keys(LAYOUTS), 'BYTES'].join(', ')}`);
}

function unfit({ name, datatype }: WireInput, fault: string): AristarchError {
  const [tensor, type] = [name, datatype].map((text) => JSON.stringify(text.slice(0, 100)));
  return new AristarchError('INVALID_INPUT', `input ${tensor} of type ${type} ${fault}`, { input: name.slice(0, 100) });
}

/** An output before it is packed in one of the two ways. */
export type OutputValues =
  | { readonly datatype: 'FP32' | 'FP64'; readonly values: ArrayLike<number> }
  | { readonly datatype: 'BOOL'; readonly values: readonly boolean[] }
  | { readonly datatype: 'BYTES'; readonly values: readonly string[] };

export function toContents({ datatype, values }: OutputValues): Partial<WireContents> {
  if (datatype === 'BOOL') return { boolContents: values };
  if (datatype === 'BYTES') return { bytesContents: values.map((text) => Buffer.from(text)) };
  return { [LAYOUTS[datatype].contents]: Array.from(values) };
}

export function toRaw({ datatype, values }: OutputValues): Buffer {
  if (datatype === 'BOOL') return Buffer.from(values.map(Number));
  if (datatype === 'BYTES') return Buffer.concat(values.map(toRawText));
  const { size } = LAYOUTS[datatype];
  const bytes = Buffer.alloc(values.length * size);
  for (let place = 0; place < values.length; place++) {
    if (datatype === 'FP32') bytes.writeFloatLE(values[place]!, place * size);
    else bytes.writeDoubleLE(values[place]!, place * size);
  }
  return bytes;
}

function toRawText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
