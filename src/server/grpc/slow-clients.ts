import { type EventEmitter, once } from 'node:events';
import { constants } from 'node:http2';
import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import { http2StreamOf } from './http2-stream-of.ts';

export interface DrainOptions {
  /** Aborted when the caller is gone. */
  readonly gone: AbortSignal;
  readonly timeoutMs: number;
  readonly log: Pick<Logger, 'warn'>;
}

export const READS_NOTHING = 'a client read no response of its stream; the stream is torn down';

/**
 * Resolves when the caller has taken of what was written for it. When it takes nothing for too long, the stream is torn down
 * and `RESOURCE_EXHAUSTED` is thrown: a status would wait behind the responses that nobody reads, and these stay in memory.
 */
export async function drained(
  call: EventEmitter & { getPeer(): string },
  { gone, timeoutMs, log }: DrainOptions,
): Promise<void> {
  const slow = AbortSignal.timeout(timeoutMs);
  try {
    await once(call, 'drain', { signal: AbortSignal.any([gone, slow]) });
  } catch (error) {
    if (!slow.aborted || gone.aborted) throw error;
    // The code of HTTP/2 that clients read as RESOURCE_EXHAUSTED (gRPC over HTTP/2, "Errors").
    http2StreamOf(call)?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    log.warn({ peer: call.getPeer(), timeoutMs }, READS_NOTHING);
    const message = `the caller has read no response for ${timeoutMs} ms; read them while sending, or raise --slow-client-timeout-ms`;
    throw new AristarchError('RESOURCE_EXHAUSTED', message, { timeoutMs }, error);
  }
}
