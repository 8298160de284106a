import { decodeHuffman } from './huffman.ts';
import { bytesOf, type Field, FieldTable, STATIC_TABLE } from './hpack-table.ts';

/** Most bytes of all fields of a block, counted as in RFC 9113, section 6.5.2: more than anybody sends, little enough to hold and to read at once. */
const MOST_LIST_BYTES = 65_536;
const LONGEST_KEPT_NAME = 64;
/** Integers are longer than this nowhere but in an attack. */
const LARGEST_INTEGER = 2 ** 28;

/** What differs between calls that are alike. */
const TIMEOUT = 'grpc-timeout';

export interface Place {
  readonly from: number;
  readonly to: number;
}

/** Reads the header blocks of one connection, which build on each other (RFC 7541). */
export class HeaderDecoder {
  /** How often a block has changed what later ones build on. */
  changes = 0;
  /** Where in its block the text of the `grpc-timeout` stands that was read last, its length before it; undefined where it has none, or an entry of the table. */
  timeoutAt: Place | undefined;
  readonly #table = new FieldTable();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** The name that was spelt out last, and where it stood: a client spells out the same one in each call. */
  #spelt = '';
  #speltBytes: Buffer = Buffer.alloc(0);

  /** The fields of the block that stands there, in order; undefined where it is none: the connection is of no use then. */
  decode(bytes: Buffer, from = 0, to = bytes.length): Field[] | undefined {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.timeoutAt = undefined;
    const fields: Field[] = [];
    let listBytes = 0;
    while (this.#at < to) {
      const first = bytes[this.#at]!;
      if ((first & 0xe0) === 0x20) {
        // An update of the table's size stands at the beginning (section 4.2).
        this.changes++;
        if (fields.length > 0 || !this.#table.resize(this.#integer(0x1f))) return undefined;
        continue;
      }
      const field = this.#field(first, from);
      if (field === undefined) return undefined;
      listBytes += bytesOf(field);
      if (listBytes > MOST_LIST_BYTES) return undefined;
      fields.push(field);
    }
    return fields;
  }

  #field(first: number, blockFrom: number): Field | undefined {
    if ((first & 0x80) !== 0) return this.#table.at(this.#integer(0x7f));
    const isKept = (first & 0x40) !== 0;
    const index = this.#integer(isKept ? 0x3f : 0x0f);
    const name = index === 0 ? this.#name() : this.#table.at(index)?.name;
    const from = this.#at - blockFrom;
    const value = name === undefined ? undefined : this.#text();
    if (name === undefined || value === undefined) return undefined;
    const field = { name, value };
    if (name === TIMEOUT) this.timeoutAt = { from, to: this.#at - blockFrom };
    if (!isKept) return field;
    this.#table.add(field);
    this.changes++;
    return field;
  }

  /** With the bits of `mask` of the first byte, and more bytes where these are all ones (section 5.1); too large where it ends too soon. */
  #integer(mask: number): number {
    let value = this.#bytes[this.#at++]! & mask;
    if (value < mask) return value;
    for (let scale = 1; value < LARGEST_INTEGER; scale *= 128) {
      if (this.#at >= this.#end) break;
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return LARGEST_INTEGER;
  }

  #name(): string | undefined {
    const from = this.#at;
    const known = this.#speltBytes;
    let same = 0;
    while (same < known.length && this.#bytes[from + same] === known[same]) same++;
    if (same > 0 && same === known.length && from + same <= this.#end) {
      this.#at += same;
      return this.#spelt;
    }
    const name = this.#text();
    if (name === undefined || name.length > LONGEST_KEPT_NAME) return name;
    this.#spelt = name;
    this.#speltBytes = Buffer.from(this.#bytes.subarray(from, this.#at));
    return name;
  }

  /** Section 5.2. */
  #text(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const isCoded = this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(0x7f);
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#end) return undefined;
    return isCoded ? decodeHuffman(this.#bytes, from, this.#at) : this.#bytes.toString('latin1', from, this.#at);
  }
}

/** Where a field, or the first one of a name, stands in the static table; no name has a line break. */
const PLACES = new Map<string, number>();
STATIC_TABLE.forEach(({ name, value }, at) => {
  if (!PLACES.has(name)) PLACES.set(name, at + 1);
  PLACES.set(`${name}\n${value}`, at + 1);
});

/**
 * A header block that builds on no other and that none builds on: fields as they are in the static table, or in full. Two that
 * write on one connection need not know of each other then.
 */
export function encodeFields(fields: Iterable<Field>): Buffer {
  const parts: Buffer[] = [];
  for (const { name, value } of fields) {
    const whole = PLACES.get(`${name}\n${value}`) ?? 0;
    if (whole > 0) {
      parts.push(integer(0x80, 0x7f, whole));
      continue;
    }
    const named = PLACES.get(name) ?? 0;
    parts.push(integer(0, 0x0f, named), ...(named > 0 ? [] : text(name)), ...text(value));
  }
  return Buffer.concat(parts);
}

/** "The most that the table may hold from now on." */
export function encodeTableSize(bytes: number): Buffer {
  return integer(0x20, 0x1f, bytes);
}

function text(value: string): Buffer[] {
  const bytes = Buffer.from(value, 'latin1');
  return [integer(0, 0x7f, bytes.length), bytes];
}

function integer(flags: number, mask: number, value: number): Buffer {
  if (value < mask) return Buffer.of(flags | value);
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
