import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, toCallError } from './errors.ts';

/** How a call that failed is tried again. Every call of the service may be: none of them changes more when it is made twice. */
export interface RetryPolicy {
  /** Tries of one call in all; 1 for none again. The deadline ends them earlier. */
  readonly maxAttempts: number;
  /** The wait before the second try; the third waits `multiplier` times as long, and so on up to `maxBackoffMs`. */
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly multiplier: number;
}

/** A server that restarts is back within the sum of the waits, 12 s; the default deadline of 10 s ends them earlier. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 8,
  initialBackoffMs: 100,
  maxBackoffMs: 5_000,
  multiplier: 2,
};

/**
 * Milliseconds to wait after the try number `attempt`, from 1; undefined where another one makes no sense. `UNAVAILABLE` says that
 * the server is not there, and backs off; `RESOURCE_EXHAUSTED` with a `RetryInfo` that it has too much to do, and comes back no
 * earlier than asked to. Without one, the request itself is too large. Waits are spread by `random`, in [0, 1), so that callers who were
 * refused together do not come back together.
 */
export function backoffMs(
  { status, retryAfterMs }: CallError,
  attempt: number,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  const grown = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * policy.multiplier ** (attempt - 1));
  const spread = grown * (0.5 + 0.5 * random());
  if (retryAfterMs !== undefined) return retryAfterMs + spread;
  return status === 'UNAVAILABLE' ? spread : undefined;
}

export interface Attempts {
  readonly policy: RetryPolicy;
  /** Milliseconds since 1970 at which the whole call ends, all its tries and waits. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  readonly random: () => number;
}

/** Makes a call until it succeeds, may not be tried again, or could only be tried too late; then throws its `CallError`. */
export async function withRetries<T>(
  call: () => Promise<T>,
  { policy, deadline, signal, random }: Attempts,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    checkNotAborted(signal, attempt);
    try {
      return await call();
    } catch (thrown) {
      const error = toCallError(thrown, attempt);
      const waitMs = backoffMs(error, attempt, policy, random);
      if (waitMs === undefined || Date.now() + waitMs >= deadline) throw error;
      await pause(waitMs, signal);
    }
  }
}

/** Waits; shorter where `signal` aborts. */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}

/** Whether and when the caller gives up: `done` resolves then, and never where nobody can; `forget` stops listening. */
export function untilAborted(signal: AbortSignal | undefined): {
  readonly done: Promise<void>;
  readonly forget: () => void;
} {
  let forget: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    const listener = () => resolve();
    signal?.addEventListener('abort', listener);
    forget = () => signal?.removeEventListener('abort', listener);
  });
  return { done, forget };
}

/** What is waited for before a try; no longer than until `deadline`, in milliseconds since 1970, and only while the caller has not given up. */
export async function within<T>(work: Promise<T>, deadline: number, signal: AbortSignal | undefined): Promise<T> {
  const given = untilAborted(signal);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () =>
      reject(new CallError('the deadline passed before the call was made', { status: 'DEADLINE_EXCEEDED' }));
    timer = setTimeout(fail, Math.max(0, deadline - Date.now()));
  });
  const aborted = given.done.then((): never => {
    throw new CallError('the caller has given the call up', { status: 'CANCELLED' }, signal?.reason);
  });
  try {
    return await Promise.race([work, late, aborted]);
  } finally {
    clearTimeout(timer);
    given.forget();
  }
}

export function checkNotAborted(signal: AbortSignal | undefined, attempts: number): void {
  if (signal?.aborted !== true) return;
  throw new CallError(
    'the caller has given the call up',
    { status: 'CANCELLED', attempts: attempts - 1 },
    signal.reason,
  );
}
