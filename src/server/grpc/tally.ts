import protobuf from 'protobufjs';
import { AristarchError } from '../../base/errors.ts';

/** What is counted of a message before it is decoded. */
type Counted = 'rows' | 'fields' | 'tensors' | 'values';
/** Most of each, and the flag that says how many rows. */
export type TallyLimits = Readonly<Record<Counted, number>> & { readonly rowsFlag: string };

/**
 * What one message may be made of. A record's field becomes some 200 bytes, an empty tensor 500, a tensor's value 16: all
 * of them together at most a few hundred megabytes, whatever they took on the wire. As many as 65,536 rows of 16 fields, or tensors of 64.
 */
const MOST = { fields: 2 ** 20, tensors: 2 ** 14, values: 2 ** 22 } as const;

export function tallyLimits(rows: number, rowsFlag: string): TallyLimits {
  return { ...MOST, rows, rowsFlag };
}

/** A field as it comes: its wire type, what each of it counts as, and what is in it. */
interface FieldShape {
  readonly wire: Wire;
  readonly counts?: Counted;
  readonly inside?: Shape;
  /** Of a repeated number: values that come together, after their length. */
  readonly packed?: true;
}
/** All fields of a message by their numbers; others are let pass, as decoders do. */
export type Shape = Readonly<Record<number, FieldShape>>;

/** https://protobuf.dev/programming-guides/encoding, "Message Structure". */
type Wire = 0 | 1 | 2 | 5;
const [VARINT, I64, LEN, I32] = [{ wire: 0 }, { wire: 1 }, { wire: 2 }, { wire: 5 }] as const;

const RECORD: Shape = { 1: { ...LEN, counts: 'fields' } };
const RECORDS: Shape = { 1: { ...LEN, counts: 'rows', inside: RECORD } };
const INTEGERS = { ...VARINT, counts: 'values', packed: true } as const;
const PARAMETERS = { ...LEN, counts: 'tensors' } as const;
/** Numbers of fixed length are bounded by the message: they become twice or four times its bytes. */
const CONTENTS: Shape = {
  ...{ 1: INTEGERS, 2: INTEGERS, 3: INTEGERS, 4: INTEGERS, 5: INTEGERS },
  ...{ 6: { ...I32, packed: true }, 7: { ...I64, packed: true }, 8: { ...LEN, counts: 'values' } },
};
const INPUT: Shape = { 1: LEN, 2: LEN, 3: INTEGERS, 4: PARAMETERS, 5: { ...LEN, inside: CONTENTS } };

/** The requests that hold many of something, by the message's name. */
export const REQUEST_SHAPES = {
  ScoreRequest: {
    ...{ 1: LEN, 2: { ...LEN, inside: RECORDS }, 3: LEN, 4: I64, 5: LEN, 6: VARINT, 7: LEN },
  },
  SampleRequest: {
    ...{
      1: LEN,
      2: VARINT,
      3: VARINT,
      4: VARINT,
      5: { ...LEN, inside: RECORD },
      6: { ...LEN, inside: RECORDS },
      7: LEN,
    },
  },
  ModelInferRequest: {
    ...{ 1: LEN, 2: LEN, 3: LEN, 4: PARAMETERS, 5: { ...LEN, counts: 'tensors', inside: INPUT } },
    ...{ 6: { ...LEN, counts: 'tensors', inside: { 1: LEN, 2: PARAMETERS } }, 7: { ...LEN, counts: 'tensors' } },
  },
} as const satisfies Readonly<Record<string, Shape>>;

/**
 * Walks the tags of a message as its decoder will, and makes nothing of them. Throws `RESOURCE_EXHAUSTED` where it has more of
 * something than it may; whatever else for bytes that are no such message.
 */
export function checkTally(bytes: Buffer, shape: Shape, limits: TallyLimits): void {
  // Each takes two bytes at least, a packed value one.
  if (bytes.length < 2 * Math.min(limits.rows, limits.tensors)) return;
  new Tally(bytes, limits).walk(shape);
}

class Tally {
  readonly #reader: protobuf.Reader;
  readonly #bytes: Buffer;
  readonly #limits: TallyLimits;
  readonly #counts = { rows: 0, fields: 0, tensors: 0, values: 0 };

  constructor(bytes: Buffer, limits: TallyLimits) {
    this.#reader = protobuf.Reader.create(bytes);
    this.#bytes = bytes;
    this.#limits = limits;
  }

  walk(shape: Shape, end = this.#reader.len): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.uint32();
      const field = shape[tag >>> 3];
      if (field === undefined) reader.skipType(tag & 7);
      else this.#take(field, tag & 7);
    }
    if (reader.pos !== end) throw new RangeError('a field reaches beyond its message');
  }

  #take({ wire, counts, inside, packed }: FieldShape, found: number): void {
    const reader = this.#reader;
    const isPacked = packed === true && found === LEN.wire;
    // A decoder that goes by the number alone would read it as another length.
    if (found !== wire && !isPacked) throw new TypeError(`a field has the wire type ${found} instead of ${wire}`);
    if (counts !== undefined && !isPacked) this.#count(counts, 1);
    if (found !== LEN.wire) {
      reader.skipType(found);
      return;
    }
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new RangeError('index out of range');
    if (inside !== undefined) this.#within(inside, end);
    else {
      if (isPacked && counts !== undefined) this.#count(counts, this.#endings(reader.pos, end));
      reader.pos = end;
    }
  }

  #within(shape: Shape, end: number): void {
    const { len } = this.#reader;
    this.#reader.len = end;
    this.walk(shape, end);
    this.#reader.len = len;
  }

  /** Numbers of several bytes: the last of each has no highest bit. */
  #endings(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at++) if (this.#bytes[at]! < 0x80) count++;
    return count;
  }

  #count(counted: Counted, more: number): void {
    const count = (this.#counts[counted] += more);
    if (count > this.#limits[counted]) throw tooMany(counted, this.#limits);
  }
}

/** Not how many there are, which nobody has counted. */
export function tooMany(counted: Counted, limits: TallyLimits): AristarchError {
  const limit = limits[counted];
  const remedy = counted === 'rows' ? `send smaller requests, or raise ${limits.rowsFlag}` : 'send smaller requests';
  const message = `the request has more than ${limit} ${NAMES[counted]} and that is the limit; ${remedy}`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { limit });
}

const NAMES: Readonly<Record<Counted, string>> = {
  rows: 'rows',
  fields: 'fields in all its records',
  tensors: 'tensors and parameters',
  values: 'values in all its tensors',
};
