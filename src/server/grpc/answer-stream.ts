import { once } from 'node:events';
import { AristarchError } from '../../base/errors.ts';
import { type AnswerParts, contextOf, toServiceError } from './call-context.ts';
import type { ScoreReply } from './codec.ts';
import type { WireScoreRequest } from './contract.ts';
import type { Received } from './convert.ts';
import type { ServerDuplexStream } from './engine.ts';
import type { Handlers } from './handlers.ts';
import { letPass } from './read-interceptor.ts';
import { StreamSpans } from './stream-spans.ts';
import { dropRequests, type Progress, requestsOf } from './stream-requests.ts';

export type StreamCall = ServerDuplexStream<Received<WireScoreRequest>, ScoreReply>;

/**
 * The whole life of a `ScoreStream` call. Where it fails, nothing more is wanted of its caller, who may take his time to read the answers that the status
 * waits behind: what is held of his messages is given back at once.
 */
export async function answerStream(
  call: StreamCall,
  handle: Handlers['scoreStream'],
  parts: AnswerParts,
  endStreams: AbortSignal,
): Promise<void> {
  const progress: Progress & { ended: boolean } = { working: 0, readAll: false, ended: false };
  const gone = new AbortController();
  const fail = (thrown: unknown) => {
    if (progress.ended || call.cancelled) return;
    progress.ended = true;
    call.emit('error', toServiceError(thrown, parts.log));
    letPass(call);
    dropRequests(call);
  };
  const endWhenIdle = () => {
    if (progress.working === 0) fail(shuttingDown());
  };
  const endWhenAsked = () => {
    if (endStreams.aborted && !progress.readAll) endWhenIdle();
  };
  const spans = parts.tracing && new StreamSpans(parts.tracing, call);
  call.on('cancelled', () => gone.abort());
  endStreams.addEventListener('abort', endWhenIdle);
  try {
    const context = contextOf(call, parts, spans?.start);
    for await (const response of handle(requestsOf(call, progress, endStreams), context)) {
      const isTaken = call.write(response);
      spans?.answered(response);
      // Who takes no answer in time is gone: the call is looked at below.
      if (!isTaken) await once(call, 'drain', { signal: gone.signal });
      progress.working--;
      endWhenAsked();
    }
    if (!progress.readAll) throw shuttingDown();
    call.end();
  } catch (thrown) {
    fail(thrown);
  } finally {
    spans?.end();
    endStreams.removeEventListener('abort', endWhenIdle);
  }
}

function shuttingDown(): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    'the server is shutting down; send the messages that have no response yet on a new stream',
  );
}
