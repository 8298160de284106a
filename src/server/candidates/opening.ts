import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import type { Candidate, Lease } from '../models/port.ts';

/** Longest time that those who can wait do so, in milliseconds. */
export const OPEN_WAIT_MS = 10_000;
/** First and longest time before a candidate that could not be opened is tried again; it doubles from failure to failure. */
const AGAIN_MS = { first: 1000, longest: 60_000 };

type Report = (error: AristarchError) => void;

interface Attempt {
  opening: Promise<void> | undefined;
  /** Somebody has waited for it long enough: nobody else does. */
  isLate: boolean;
  failures: number;
  againMs: number;
  error: AristarchError | undefined;
}

/** Opens candidates: each once at a time, and those that cannot be opened at growing intervals, however many ask for them. */
export class CandidateOpenings {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #waitMs: number;
  readonly #attempts = new Map<string, Attempt>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, waitMs = OPEN_WAIT_MS) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  /** At once; a candidate that is not open yet is opened for those who come later. `report` is told why it cannot be, if it cannot. */
  peek(candidate: Candidate, report: Report): Lease | undefined {
    const lease = candidate.peek();
    if (lease !== undefined) return lease;
    const attempt = this.#attemptOf(candidate);
    const tell = (): void => {
      if (attempt.error !== undefined) report(attempt.error);
    };
    if (attempt.opening === undefined) tell();
    else void attempt.opening.then(tell);
    return undefined;
  }

  /** The same, after it was opened, or could not be for a while. */
  async wait(candidate: Candidate, report: Report): Promise<Lease | undefined> {
    const lease = candidate.peek();
    if (lease !== undefined) return lease;
    const attempt = this.#attemptOf(candidate);
    if (attempt.opening !== undefined && !attempt.isLate) await this.#settled(attempt.opening);
    const opened = candidate.peek();
    if (opened !== undefined) return opened;
    attempt.isLate = attempt.opening !== undefined;
    report(attempt.isLate ? tooLate(candidate, this.#waitMs) : (attempt.error ?? tooLate(candidate, this.#waitMs)));
    return undefined;
  }

  async #settled(opening: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const { signal } = timer;
    const ended = sleep(this.#waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([opening, ended]);
    timer.abort();
  }

  #attemptOf(candidate: Candidate): Attempt {
    const key = JSON.stringify([candidate.choice.model, candidate.choice.version]);
    const attempt = this.#attempts.get(key) ?? {
      ...{ opening: undefined, isLate: false, failures: 0, againMs: -Infinity, error: undefined },
    };
    this.#attempts.set(key, attempt);
    if (attempt.opening === undefined && this.#clock.monotonicMs() >= attempt.againMs) {
      attempt.opening = this.#open(key, attempt, candidate).finally(() => {
        attempt.opening = undefined;
        attempt.isLate = false;
      });
    }
    return attempt;
  }

  async #open(key: string, attempt: Attempt, candidate: Candidate): Promise<void> {
    try {
      (await candidate.acquire()).release();
      attempt.error = undefined;
      this.#attempts.delete(key);
    } catch (thrown) {
      attempt.error = toAristarchError(thrown);
      const delayMs = Math.min(AGAIN_MS.longest, AGAIN_MS.first * 2 ** attempt.failures++);
      attempt.againMs = this.#clock.monotonicMs() + delayMs;
    }
  }
}

function tooLate({ choice: { model, version = '' } }: Candidate, waitMs: number): AristarchError {
  const message = `candidate "${model}" ${version} is not open after ${waitMs} ms: the version that serves answers`;
  return new AristarchError('DEADLINE_EXCEEDED', message, { model, waitMs });
}
