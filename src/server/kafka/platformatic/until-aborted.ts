/** Undefined where the signal came first: nobody waits for a group that waits for others. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  work.catch(() => undefined);
  if (signal.aborted) return undefined;
  let abort!: () => void;
  const aborted = new Promise<undefined>((resolve) => (abort = () => resolve(undefined)));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    // The signal lasts as long as the consumer, and there is a join for every rebalance.
    signal.removeEventListener('abort', abort);
  }
}
