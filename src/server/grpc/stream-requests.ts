import type { ServerDuplexStream } from './engine.ts';

/** How far a stream has come. */
export interface Progress {
  /** Requests that were read and not answered yet. */
  working: number;
  /** Whether the caller has ended, and all it sent was read. */
  readAll: boolean;
}

/**
 * The messages of a stream, until the server shuts down or the caller has gone. Not the stream's own iterator: that one
 * destroys the stream when an error is emitted on it, before the status of the error is sent.
 */
export async function* requestsOf<Q>(
  call: ServerDuplexStream<Q, unknown>,
  progress: Progress,
  endStreams: AbortSignal,
): AsyncGenerator<Q> {
  let wake: () => void = () => undefined;
  const state = { over: false };
  call.on('readable', () => wake());
  for (const event of ['end', 'cancelled'] as const) {
    call.on(event, () => {
      state.over = true;
      wake();
    });
  }
  for (;;) {
    const request = call.read() as Q | null;
    if (request !== null) {
      if (endStreams.aborted) return;
      progress.working++;
      yield request;
    } else if (state.over) break;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
  progress.readAll = !call.cancelled;
}

/** Those that have come and nobody waits for are not kept until the stream is over. */
export function dropRequests<Q>(call: ServerDuplexStream<Q, unknown>): void {
  const drop = (): void => {
    while (call.read() !== null);
  };
  call.on('readable', drop);
  drop();
}
