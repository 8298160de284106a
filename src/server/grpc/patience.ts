/** A call that may wait for its caller: for the rest of a message, or until an answer is taken. */
export interface Waiter {
  /** It is looked at: once more than `LOOKS` times in the same wait, the caller has had the whole timeout. */
  look(): void;
}

/** Looks at all calls now and then: one timer for the server, instead of one for each call, of which nearly all are over at once. */
export interface Patience {
  enter(waiter: Waiter): void;
  leave(waiter: Waiter): void;
  /** How many are looked at. */
  readonly size: number;
  close(): void;
}

/** Looks in the time that a caller has: it ends after that time, and a quarter of it later at most. */
export const LOOKS = 4;

/** What a caller is told whose message did not come in that time. */
export const notWholeIn = (timeoutMs: number): string =>
  `the message has not come whole within ${timeoutMs} ms; send it faster, or raise --slow-client-timeout-ms`;

/** What the log is told of it, and of answers that are not taken: of a stream's each, since how far one has gone node:http2 tells only at its end. */
export const [NOT_WHOLE, NOT_TAKEN] = [
  'a client did not send its message whole in time',
  'a client did not take an answer whole in time; its call is torn down',
];

export function createPatience(timeoutMs: number): Patience {
  const waiters = new Set<Waiter>();
  const look = (): void => {
    for (const waiter of [...waiters]) waiter.look();
  };
  const timer = setInterval(look, Math.max(1, timeoutMs / LOOKS)).unref();
  return {
    enter: (waiter) => void waiters.add(waiter),
    leave: (waiter) => void waiters.delete(waiter),
    get size() {
      return waiters.size;
    },
    close: () => clearInterval(timer),
  };
}
