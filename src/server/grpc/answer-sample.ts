import { once } from 'node:events';
import { AristarchError } from '../../base/errors.ts';
import { type AnswerParts, contextOf, toServiceError } from './call-context.ts';
import type { WireSampleRequest, WireSampleResponse } from './contract.ts';
import type { Received } from './convert.ts';
import { type ServerWritableStream, status } from './engine.ts';
import type { Handlers } from './handlers.ts';
import { methodOf } from './stream-spans.ts';

export type SampleCall = ServerWritableStream<Received<WireSampleRequest>, WireSampleResponse>;

/**
 * The whole life of a `Sample` call. A piece of rows is made when the one before it has left, but for the sixteen that
 * grpc-js keeps ready: a slow caller costs no more memory than these. It ends when the caller cancels or its deadline passes, also while it waits for the caller; when the server shuts
 * down, with the place to go on from.
 */
export async function answerSample(
  call: SampleCall,
  handle: Handlers['sample'],
  parts: AnswerParts,
  shutdown: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const ended = AbortSignal.any([gone.signal, shutdown]);
  call.on('cancelled', () => gone.abort());
  const span = parts.tracing?.startCall(methodOf(call), call.metadata);
  let nextRow: number | undefined;
  try {
    for await (const response of handle(call.request, contextOf(call, parts, undefined, 'made'))) {
      nextRow = response.firstRow + response.records.length;
      if (!call.write(response)) await once(call, 'drain', { signal: ended });
      if (shutdown.aborted) throw shuttingDown(nextRow);
    }
    call.end();
    span?.end();
  } catch (thrown) {
    if (call.cancelled || gone.signal.aborted) return;
    const error = toServiceError(shutdown.aborted ? shuttingDown(nextRow) : thrown, parts.log);
    span?.end(status[error.code]);
    call.emit('error', error);
  } finally {
    // Where it has not ended before, nobody waits any longer.
    span?.end('CANCELLED');
  }
}

function shuttingDown(nextRow: number | undefined): AristarchError {
  const rest = nextRow === undefined ? 'ask again' : `ask for the rest from first_row ${nextRow} on`;
  return new AristarchError('UNAVAILABLE', `the server is shutting down; ${rest}, on a new connection`, {
    ...(nextRow !== undefined && { nextRow }),
  });
}
