import type { Clock } from '../clock.ts';

interface Asked {
  /** Questions without an answer. */
  open: number;
  /** Since when nothing was answered. */
  sinceMs: number;
  /** Whether the last question to end took too long: answered late, or given up. */
  wasLate: boolean;
}

/**
 * Knows who answers nothing any more: whoever was asked, and has answered nothing for so many milliseconds, is silent until it has
 * answered something in that time. Who answers late, each time, is as silent as who never does.
 */
export class Silence {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #patienceMs: number;
  readonly #asked = new WeakMap<object, Asked>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  of(who: object): boolean {
    const asked = this.#asked.get(who);
    if (asked === undefined) return false;
    return asked.wasLate || (asked.open > 0 && this.#clock.monotonicMs() - asked.sinceMs >= this.#patienceMs);
  }

  /** Asks, and hears whether there is an answer; a refusal at once is none, but leaves no question open either. */
  async hear<T>(who: object, question: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonicMs();
    const asked = this.#asked.get(who) ?? { open: 0, sinceMs: startedMs, wasLate: false };
    this.#asked.set(who, asked);
    if (asked.open === 0) asked.sinceMs = startedMs;
    asked.open++;
    const isLate = (): boolean => this.#clock.monotonicMs() - startedMs >= this.#patienceMs;
    try {
      const answer = await question();
      asked.sinceMs = this.#clock.monotonicMs();
      asked.wasLate = isLate();
      return answer;
    } catch (thrown) {
      if (isLate()) asked.wasLate = true;
      throw thrown;
    } finally {
      asked.open--;
    }
  }
}
