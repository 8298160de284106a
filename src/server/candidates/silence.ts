import type { Clock } from '../clock.ts';

interface Asked {
  /** Questions without an answer. */
  open: number;
  /** Since when nothing was answered. */
  sinceMs: number;
}

/**
 * Knows who answers nothing any more: whoever was asked, and has answered nothing for so many milliseconds, is silent until it has
 * answered something.
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
    return asked !== undefined && asked.open > 0 && this.#clock.monotonicMs() - asked.sinceMs >= this.#patienceMs;
  }

  /** Asks, and hears whether there is an answer; a refusal is none, but leaves no question open either. */
  async hear<T>(who: object, question: () => Promise<T>): Promise<T> {
    const asked = this.#asked.get(who) ?? { open: 0, sinceMs: 0 };
    this.#asked.set(who, asked);
    if (asked.open === 0) asked.sinceMs = this.#clock.monotonicMs();
    asked.open++;
    try {
      const answer = await question();
      asked.sinceMs = this.#clock.monotonicMs();
      return answer;
    } finally {
      asked.open--;
    }
  }
}
