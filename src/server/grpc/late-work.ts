import type { Logger } from 'pino';

/** What a call leaves to be done that its answer need not wait for. */
export class LateWork {
  #works: (() => void)[] = [];
  #state: 'before' | 'answering' | 'over' = 'before';
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Kept until the answer is on its way, where that is still to come. */
  add(work: () => void): void {
    this.#works.push(work);
    if (this.#state === 'over') this.#do();
  }

  /** The answer is handed over, which may end the call before its bytes have left. */
  answered(): void {
    this.#state = 'answering';
  }

  /** What is written now leaves in the next tick: this comes after it, and before anything else is read. */
  doSoon(): void {
    this.#state = 'over';
    if (this.#works.length > 0) process.nextTick(() => this.#do());
  }

  /** Nobody waits any longer. */
  end(): void {
    if (this.#state !== 'before') return;
    this.#state = 'over';
    this.#do();
  }

  /** A fault is nobody's answer any more. */
  #do(): void {
    for (const work of this.#works.splice(0)) {
      try {
        work();
      } catch (thrown) {
        this.#log.error({ err: thrown }, 'what follows an answer has failed through a fault of the server');
      }
    }
  }
}
