import type { Instruments } from './instruments.ts';

/** What callers over gRPC hold of a process: asked at each scrape. */
export interface WatchedCalls {
  readonly open: () => number;
  readonly heldBytes: () => number;
}

export function callMetrics({ gauge }: Instruments) {
  let watched: WatchedCalls | undefined;
  const open = 'Calls over gRPC that have begun and are not over: those whose messages still come, too.';
  gauge('calls_open', open, { together: 'sum', read: () => watched?.open() ?? 0 });
  const held =
    'Bytes of messages over gRPC that have come and are not done with, of those that are bounded for the process.';
  gauge('calls_held_bytes', held, { together: 'sum', read: () => watched?.heldBytes() ?? 0 });
  return {
    watch: (calls: WatchedCalls): void => {
      watched = calls;
    },
  };
}
