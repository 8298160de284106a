import type { ScoreOutcome } from '../scoring-service.ts';
import type { WireScoreRequest } from './contract.ts';

/**
 * The two messages of the hot path, read and written by hand: a `ScoreRequest` of packed rows, and a `ScoreResponse`
 * without explanations. proto-loader makes a JavaScript number of each packed value, twice; here the bytes are looked at as
 * the floats they are. Whatever is not of the plain form is left to proto-loader: `undefined` says so, and faults get
 * its words. The bytes written are those that proto-loader writes (test/server/grpc-codec.test.ts).
 */

/** https://protobuf.dev/programming-guides/encoding: the key of a field is (number << 3) | wire type. */
const REQUEST = {
  model: 0x0a,
  dense: 0x1a,
  falsePositiveRate: 0x21,
  requestId: 0x2a,
  explainTopK: 0x30,
  modelVersion: 0x3a,
} as const;
const DENSE = { values: 0x0a, width: 0x10 } as const;

/** Packed floats are little-endian; so are those of every machine that Node has builds for but IBM's. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The message in `bytes`; undefined where it must be read the ordinary way, and then they are as they were. Else they belong to the message,
 * whose values look into them, and are no message any more: a second reading could find other values.
 */
export function decodePackedRequest(bytes: Buffer): WireScoreRequest | undefined {
  if (!LITTLE_ENDIAN) return undefined;
  const reader = new Reader(bytes, 0, bytes.length);
  let [model, modelVersion, requestId, explainTopK, seen] = ['', '', '', 0, 0];
  let falsePositiveRate: number | undefined;
  let dense: Place | undefined;
  while (reader.at < reader.end) {
    const key = bytes[reader.at++]!;
    // A field that comes twice: the last one counts, but for messages, which are merged. Nobody sends that.
    if (key > REQUEST.modelVersion || (seen & (1 << (key >> 3))) !== 0) return undefined;
    seen |= 1 << (key >> 3);
    if (key === REQUEST.dense) {
      const length = reader.length();
      dense = length < 0 ? undefined : findDense(bytes, reader.at, reader.at + length);
      if (dense === undefined) return undefined;
      reader.at += length;
    } else if (key === REQUEST.model) model = reader.text();
    else if (key === REQUEST.modelVersion) modelVersion = reader.text();
    else if (key === REQUEST.requestId) requestId = reader.text();
    else if (key === REQUEST.falsePositiveRate) falsePositiveRate = reader.double();
    else if (key === REQUEST.explainTopK) explainTopK = reader.varint();
    else return undefined;
    if (reader.failed) return undefined;
  }
  if (dense === undefined) return undefined;
  return {
    model,
    modelVersion,
    rows: 'dense',
    dense: { values: floatsAt(bytes, dense), width: dense.width },
    requestId,
    explainTopK,
    ...(falsePositiveRate !== undefined && { falsePositiveRate }),
  };
}

/** Where packed rows lie in a message. */
interface Place {
  readonly from: number;
  readonly count: number;
  readonly width: number;
}

function findDense(bytes: Buffer, begin: number, to: number): Place | undefined {
  const reader = new Reader(bytes, begin, to);
  let [from, count]: [number | undefined, number] = [undefined, 0];
  let width: number | undefined;
  while (reader.at < reader.end) {
    const key = bytes[reader.at++]!;
    if (key === DENSE.values && from === undefined) {
      const length = reader.length();
      if (length < 0 || length % 4 !== 0) return undefined;
      [from, count] = [reader.at, length / 4];
      reader.at += length;
    } else if (key === DENSE.width && width === undefined) width = reader.varint();
    else return undefined;
    if (reader.failed) return undefined;
  }
  return { from: from ?? begin, count, width: width ?? 0 };
}

/**
 * Looks at floats where they are. They have to begin at a multiple of four: else they are moved, by three bytes at most, over the keys and
 * lengths before them, of which there are four at least.
 */
function floatsAt(bytes: Buffer, { from, count }: Place): Float32Array {
  const beyond = (bytes.byteOffset + from) % 4;
  if (count === 0) return new Float32Array(0);
  if (beyond !== 0) bytes.copyWithin(from - beyond, from, from + 4 * count);
  return new Float32Array(bytes.buffer, bytes.byteOffset + from - beyond, count);
}

/** Reads forward; `failed` once something did not fit, and what was read then counts for nothing. */
class Reader {
  failed = false;
  readonly #bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.at = from;
    this.end = end;
  }

  /** At most 32 bits; longer ones are legal, and read the ordinary way. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.end) break;
      const byte = this.#bytes[this.at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    this.failed = true;
    return 0;
  }

  /** Of what follows; -1 where there is not so much. */
  length(): number {
    const length = this.varint();
    if (this.at + length > this.end) this.failed = true;
    return this.failed ? -1 : length;
  }

  text(): string {
    const length = this.length();
    if (length <= 0) return '';
    this.at += length;
    return this.#bytes.toString('utf8', this.at - length, this.at);
  }

  double(): number {
    if (this.at + 8 > this.end) {
      this.failed = true;
      return 0;
    }
    this.at += 8;
    return this.#bytes.readDoubleLE(this.at - 8);
  }
}

/** What a handler answers: scores, and the request's own id, which goes back. */
export interface ScoreReply {
  readonly outcome: ScoreOutcome;
  readonly requestId: string;
}

// A result is written with all its fields, also those that are zero, as proto-loader does; so all have one length.
const RESULT = { key: 0x0a, score: 0x0d, pValue: 0x11, anomalous: 0x18, bytes: 16 } as const;
const RESPONSE = {
  threshold: 0x11,
  falsePositiveRate: 0x19,
  model: 0x22,
  modelVersion: 0x2a,
  requestId: 0x32,
} as const;

/** The bytes of a reply; undefined where its results have more than score, p-value and verdict. */
export function encodePlainResponse({ outcome, requestId }: ScoreReply): Buffer | undefined {
  if (outcome.explanations !== undefined || outcome.batch.groups !== undefined) return undefined;
  const { scores, pValues, verdicts, threshold, falsePositiveRate } = outcome.batch;
  const texts = [outcome.model, outcome.modelVersion, requestId].map((text) => Buffer.byteLength(text));
  const textBytes = texts.reduce((sum, length) => sum + 1 + varintBytes(length) + length, 0);
  const bytes = Buffer.allocUnsafe(scores.length * (RESULT.bytes + 2) + 18 + textBytes);
  let at = 0;
  for (let row = 0; row < scores.length; row++) {
    bytes[at] = RESULT.key;
    bytes[at + 1] = RESULT.bytes;
    bytes[at + 2] = RESULT.score;
    bytes.writeFloatLE(scores[row]!, at + 3);
    bytes[at + 7] = RESULT.pValue;
    bytes.writeDoubleLE(pValues[row]!, at + 8);
    bytes[at + 16] = RESULT.anomalous;
    bytes[at + 17] = verdicts[row]!;
    at += RESULT.bytes + 2;
  }
  bytes[at++] = RESPONSE.threshold;
  at = bytes.writeDoubleLE(threshold, at);
  bytes[at++] = RESPONSE.falsePositiveRate;
  at = bytes.writeDoubleLE(falsePositiveRate, at);
  at = writeText(bytes, at, RESPONSE.model, outcome.model, texts[0]!);
  at = writeText(bytes, at, RESPONSE.modelVersion, outcome.modelVersion, texts[1]!);
  writeText(bytes, at, RESPONSE.requestId, requestId, texts[2]!);
  return bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

function writeText(bytes: Buffer, from: number, key: number, text: string, length: number): number {
  let at = from;
  bytes[at++] = key;
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at + bytes.write(text, at, length, 'utf8');
}
