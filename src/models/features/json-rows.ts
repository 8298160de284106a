import { createWriters, type Writer } from './encode.ts';
import { rowWidth, type FeatureSchema } from './schema.ts';

/**
 * Reads records written as JSON into raw rows without making records of them: the same rows, bit for bit, as `JSON.parse` and
 * `createEncoder` make, in a third of their time. Undefined where a text is not plain: what is no object of numbers, booleans, nulls and
 * ASCII strings without escapes, what lacks a field, and what does not fit one is for those two, which also say what is wrong.
 */
export function createJsonRowReader(schema: FeatureSchema): (texts: readonly Uint8Array[]) => Float32Array | undefined {
  const width = rowWidth(schema);
  const readRow = createRowReader(createWriters(schema));
  return (texts) => {
    const rows = new Float32Array(texts.length * width);
    for (let index = 0; index < texts.length; index++) {
      if (!readRow(texts[index]!, rows, index * width)) return undefined;
    }
    return rows;
  };
}

type ReadRow = (text: Uint8Array, rows: Float32Array, at: number) => boolean;

/** Below, a function that reads from a place on answers the place behind what it has read, and this where that is not plain. */
const FAILED = -1;

function createRowReader(writers: readonly Writer[]): ReadRow {
  const names = writers.map(({ name }) => Buffer.from(`"${name}"`)).map((name) => (isPlain(name) ? name : undefined));
  const places = new Map(writers.map(({ name }, place) => [name, place]));
  // Which row a field was last seen in: a name that comes twice counts once.
  const seenIn = new Float64Array(writers.length);
  const values = createValueReader();
  let row = 0;
  let found = 0;
  /** A name and its value; of a row that begins at `to`. Producers write fields in one order, mostly that of the training data. */
  function readField(text: Uint8Array, from: number, expected: number, rows: Float32Array, to: number): number {
    const name = names[expected];
    let end = name === undefined ? FAILED : skipBytes(text, from, name);
    let place: number | undefined = expected;
    if (end === FAILED) {
      end = stringEnd(text, from);
      if (end === FAILED) return FAILED;
      place = places.get(toText(text, from + 1, end - 1));
    }
    end = skipSpace(text, end);
    if (text[end] !== COLON) return FAILED;
    const start = skipSpace(text, end + 1);
    if (place === undefined) return values.read(text, start);
    const { offset, write, kind } = writers[place]!;
    if (kind === 'number' && startsNumber(text[start]!)) end = readNumber(text, start, rows, to + offset);
    else {
      end = values.read(text, start);
      if (end !== FAILED && !write(values.last(), rows, to + offset)) return FAILED;
    }
    if (end === FAILED) return FAILED;
    if (seenIn[place] !== row) found += 1;
    seenIn[place] = row;
    return end;
  }
  return (text, rows, to) => {
    row += 1;
    found = 0;
    let at = skipSpace(text, 0);
    if (text[at] !== OPEN_BRACE) return false;
    for (let expected = 0; ; expected++) {
      at = readField(text, skipSpace(text, at + 1), expected, rows, to);
      if (at === FAILED) return false;
      at = skipSpace(text, at);
      if (text[at] !== COMMA) break;
    }
    return text[at] === CLOSE_BRACE && skipSpace(text, at + 1) === text.length && found === writers.length;
  };
}

const [QUOTE, COMMA, COLON, BACKSLASH, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x2c, 0x3a, 0x5c, 0x7b, 0x7d];
const [PLUS, MINUS, DOT, ZERO, NINE, SMALL_E] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65];
/** Sums of digits below are exact, and so are powers of ten up to this one: then one division rounds as the text would (Clinger 1990). */
const MOST_EXACT = 2 ** 53;
const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);

const startsNumber = (byte: number): boolean => byte === MINUS || (byte >= ZERO && byte <= NINE);

type Numbers = Float32Array | Float64Array;

/**
 * A number, from the sign on, or the first digit. It goes where it is wanted, and through no variable of many kinds, which would make an
 * object of each.
 */
function readNumber(text: Uint8Array, from: number, into: Numbers, to: number): number {
  const isNegative = text[from] === MINUS;
  const first = isNegative ? from + 1 : from;
  let [sum, at] = [0, first];
  for (let byte = text[at]!; byte >= ZERO && byte <= NINE; byte = text[++at]!) sum = sum * 10 + (byte - ZERO);
  if (at === first || (at > first + 1 && text[first] === ZERO)) return FAILED;
  let decimals = 0;
  if (text[at] === DOT) {
    const point = at++;
    for (let byte = text[at]!; byte >= ZERO && byte <= NINE; byte = text[++at]!) sum = sum * 10 + (byte - ZERO);
    decimals = at - point - 1;
    if (decimals === 0) return FAILED;
  }
  if ((text[at]! | 0x20) === SMALL_E) {
    at = exponentEnd(text, at + 1);
    if (at === FAILED) return FAILED;
    into[to] = Number(toText(text, from, at));
  } else if (sum >= MOST_EXACT || decimals >= POWERS.length) into[to] = Number(toText(text, from, at));
  else {
    const size = decimals === 0 ? sum : sum / POWERS[decimals]!;
    into[to] = isNegative ? -size : size;
  }
  return at;
}

function exponentEnd(text: Uint8Array, behind: number): number {
  const first = text[behind] === PLUS || text[behind] === MINUS ? behind + 1 : behind;
  let at = first;
  while (text[at]! >= ZERO && text[at]! <= NINE) at += 1;
  return at === first ? FAILED : at;
}

/** Reads numbers, strings, booleans and null, and keeps the last one. */
function createValueReader() {
  const number = new Float64Array(1);
  let value: unknown;
  function readString(text: Uint8Array, from: number): number {
    const end = stringEnd(text, from);
    return end === FAILED ? FAILED : take(toText(text, from + 1, end - 1), end);
  }
  function readWord(text: Uint8Array, from: number): number {
    for (const [word, meant] of WORDS) {
      const end = skipBytes(text, from, word);
      if (end !== FAILED) return take(meant, end);
    }
    return FAILED;
  }
  function take(read: unknown, end: number): number {
    value = read;
    return end;
  }
  return {
    last: () => value,
    read(text: Uint8Array, from: number): number {
      const byte = text[from]!;
      if (startsNumber(byte)) {
        const end = readNumber(text, from, number, 0);
        return take(number[0], end);
      }
      return byte === QUOTE ? readString(text, from) : readWord(text, from);
    },
  };
}

const WORDS: readonly (readonly [Uint8Array, unknown])[] = [
  [Buffer.from('true'), true],
  [Buffer.from('false'), false],
  [Buffer.from('null'), null],
];

function skipBytes(text: Uint8Array, from: number, bytes: Uint8Array): number {
  for (let place = 0; place < bytes.length; place++) if (text[from + place] !== bytes[place]) return FAILED;
  return from + bytes.length;
}

function skipSpace(text: Uint8Array, from: number): number {
  let at = from;
  // Above it in ASCII is all that is written between spaces.
  while (text[at]! <= 0x20 && isSpace(text[at]!)) at += 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Behind the quote that ends a string of ASCII without escapes. */
function stringEnd(text: Uint8Array, from: number): number {
  if (text[from] !== QUOTE) return FAILED;
  for (let at = from + 1; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20 || byte >= 0x80 || byte === BACKSLASH) return FAILED;
  }
  return FAILED;
}

/** Whether a name between quotes is written in JSON as it is. */
function isPlain(quoted: Uint8Array): boolean {
  return stringEnd(quoted, 0) === quoted.length;
}

/** ASCII bytes as text. */
function toText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}
