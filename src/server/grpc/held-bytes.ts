import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import type { Metrics } from '../metrics.ts';
import { createSeldom } from './seldom.ts';
import { toRefusal } from './trailers-only.ts';

/** Bytes of messages over gRPC that have come and are not done with, and of what compressed ones became, of the whole process. */
export class HeldBytes {
  #bytes = 0;
  readonly #most: number;
  readonly #onRefusal: () => void;

  /** `onRefusal` is told of each call that is refused for want of room. */
  constructor(most: number, onRefusal: () => void = () => undefined) {
    this.#most = most;
    this.#onRefusal = onRefusal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for one more call. */
  admits(): boolean {
    if (this.#bytes < this.#most) return true;
    this.#onRefusal();
    return false;
  }

  /** Whether there is room for so many more. */
  fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#most;
  }

  /** So many more have come; false where they are too many, and then they do not count. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) {
      this.#onRefusal();
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** What a piece of a message takes beside its bytes. */
export const PIECE_BYTES = 128;

/**
 * What is kept of a piece until more has come: a piece is a part of what its socket was read into, all of which would be kept with it,
 * so that a few bytes in each reading would hold some 64 KiB each.
 */
export function keepPiece(piece: Buffer): Buffer {
  if (piece.buffer.byteLength <= 2 * piece.length + PIECE_BYTES) return piece;
  const kept = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(kept);
  return kept;
}

/** Four of the largest messages in any case. */
export function mostHeldBytes(maxMessageBytes: number): number {
  return Math.max(2 ** 28, 4 * maxMessageBytes);
}

/**
 * Of what anybody may send who has not shown who it is, which takes no room from others: all of it, and one message, which names a service (health).
 */
export const [MOST_OPEN_BYTES, MOST_OPEN_MESSAGE_BYTES] = [2 ** 24, 4096];

/** Of a server: refusals are counted, and told now and then. */
export function createHeldBytes(
  maxMessageBytes: number,
  monotonicMs: () => number,
  log: Logger,
  { batching }: Pick<Metrics, 'batching'>,
): HeldBytes {
  const most = mostHeldBytes(maxMessageBytes);
  const tell = createSeldom(monotonicMs);
  return new HeldBytes(most, () => {
    batching.onRejection('held_bytes');
    const message =
      `calls are refused: messages that are unfinished, or compressed or unary and unanswered, take the ${most} bytes that they may; ` +
      'look for callers who send slowly, take no answers, or send much at once, and see --rate-limit-requests, --slow-client-timeout-ms and --max-message-bytes';
    tell(() => log.warn({ bytes: most }, message));
  });
}

/** By then most of what is held has been answered; what slow callers hold is held for longer. */
const RETRY_MS = 1000;

/** Of a message that is more than there is room for. */
export function tooManyBytes(): AristarchError {
  const message = `the server holds as many bytes of messages as it may: send again in ${RETRY_MS} ms, when others are answered`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { retryAfterMs: RETRY_MS });
}

/** The same as it is sent, also to calls that come when there is no room, by their headers. */
export const TOO_MANY_BYTES = toRefusal(tooManyBytes());
