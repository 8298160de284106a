import { millisecondsAt, toMilliseconds } from '../timeout.ts';
import type { Place } from './hpack.ts';
import { decodeHuffman } from './huffman.ts';

/** Longer ones are none: eight digits, a unit, and blanks that nobody sends. */
const MOST_TIMEOUT_BYTES = 16;

/**
 * A header block that has come before and changed nothing that later ones build on. A client's calls mostly begin with the same bytes, but
 * for the time that is left: where they come again, what they say is known without reading them.
 */
export class KnownBlock<T> {
  /** What they say. */
  readonly meaning: T;
  readonly #bytes: Buffer;
  readonly #timeoutAt: Place;
  readonly #timeoutMs: number;

  /**
   * `timeoutAt`: of the length and the text of `grpc-timeout`; undefined where the block does not spell it out. `timeoutMs`: what the block says of it,
   * spelt out or not.
   */
  constructor(block: Buffer, timeoutAt: Place | undefined, timeoutMs: number, meaning: T) {
    this.#bytes = Buffer.from(block);
    this.#timeoutAt = timeoutAt ?? { from: block.length, to: block.length };
    this.#timeoutMs = timeoutMs;
    this.meaning = meaning;
  }

  /** Milliseconds that the caller gives in the block that stands there, Infinity where it has no limit; undefined where it is another block. */
  timeoutMsIn(bytes: Buffer, from: number, to: number): number | undefined {
    const known = this.#bytes;
    const place = this.#timeoutAt;
    const restBytes = known.length - place.to;
    const timeoutFrom = from + place.from;
    const timeoutTo = to - restBytes;
    if (timeoutTo < timeoutFrom) return undefined;
    for (let at = 0; at < place.from; at++) if (bytes[from + at] !== known[at]) return undefined;
    for (let at = 0; at < restBytes; at++) if (bytes[timeoutTo + at] !== known[place.to + at]) return undefined;
    if (place.from === place.to) return timeoutTo === timeoutFrom ? this.#timeoutMs : undefined;
    const length = bytes[timeoutFrom]! & 0x7f;
    const textFrom = timeoutFrom + 1;
    if (length > MOST_TIMEOUT_BYTES || textFrom + length !== timeoutTo) return undefined;
    if (bytes[timeoutFrom]! < 0x80) return millisecondsAt(bytes, textFrom, timeoutTo);
    const text = decodeHuffman(bytes, textFrom, timeoutTo);
    return text === undefined ? undefined : toMilliseconds(text);
  }
}
