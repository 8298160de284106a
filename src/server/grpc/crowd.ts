/**
 * The calls that are on the quick lane, and when one more would be answered: as many times what a call has taken lately, while
 * there was always one to work on, as there are calls before it. It counts what the batcher cannot see: messages that are
 * still being read, decoding, answers, and the refusals of others.
 */
export interface Crowd {
  /** Milliseconds after which a call that came now would be answered; 0 where nobody is before it. */
  expectMs(): number;
  /** A call has come whose message is still to be read; the answer is its ticket. */
  enter(): Ticket;
  /** A call was refused. */
  refuse(): void;
  /**
   * Another turn of the event loop reads calls, so many milliseconds after the one before. Where the process slept in between, what
   * has not been answered waits for something else (its sender, a model that is opened, another thread) and holds up nobody.
   */
  turn(passedMs: number, slept: boolean): void;
}

/** Of one call; each is told once at most. */
export interface Ticket {
  /** The message is whole, and is worked on from now on. */
  begin(): void;
  /** The call is over; `done`: by its work, and not because nobody waits any longer. */
  leave(done: boolean): void;
}

/** What was learnt counts half after so many milliseconds. */
const HALF_LIFE_MS = 500;
/** Calls at no cost that are added, so that what was learnt long ago counts for nothing. */
const PRIOR_CALLS = 1;
/** What a refusal takes, of what a call of one row takes. */
const REFUSAL = 1 / 16;
/** A call whose message takes longer to come than one or two of these holds up nobody: the caller is slow, not the server. */
const GENERATION_MS = 100;

/** Calls that are before another, of the time since the process slept last. */
class Here {
  #working = 0;
  /** Calls that are being read, of this generation and of the one before. */
  #young = 0;
  #older = 0;
  #generation = 0;
  #awake = 0;
  readonly #monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  get calls(): number {
    this.#advance();
    return this.#working + this.#young + this.#older;
  }

  wakeUp(): void {
    this.#awake++;
    [this.#working, this.#young, this.#older] = [0, 0, 0];
  }

  /** `onDone` is told of calls that ended by their work. */
  enter(onDone: () => void): Ticket {
    this.#advance();
    this.#young++;
    const [born, awake] = [this.#generation, this.#awake];
    let state: 'read' | 'worked on' | 'over' = 'read';
    const leaveReading = (): void => {
      this.#advance();
      if (born === this.#generation) this.#young--;
      else if (born === this.#generation - 1) this.#older--;
    };
    return {
      begin: () => {
        if (state !== 'read') return;
        state = 'worked on';
        if (awake !== this.#awake) return;
        leaveReading();
        this.#working++;
      },
      leave: (isDone) => {
        if (state === 'over') return;
        if (isDone) onDone();
        if (awake === this.#awake && state === 'read') leaveReading();
        else if (awake === this.#awake) this.#working--;
        state = 'over';
      },
    };
  }

  #advance(): void {
    const turns = Math.floor(this.#monotonicMs() / GENERATION_MS) - this.#generation;
    if (turns === 0) return;
    this.#older = turns === 1 ? this.#young : 0;
    this.#young = 0;
    this.#generation += turns;
  }
}

export function createCrowd(monotonicMs: () => number): Crowd {
  const here = new Here(monotonicMs);
  let [busyMs, done, doneInTurn, lastMs] = [0, 0, 0, monotonicMs()];
  return {
    expectMs: () => (here.calls * busyMs) / (done + PRIOR_CALLS),
    enter: () =>
      here.enter(() => {
        doneInTurn++;
      }),
    refuse: () => {
      doneInTurn += REFUSAL;
    },
    turn: (passedMs, slept) => {
      const nowMs = monotonicMs();
      const kept = 0.5 ** (Math.max(0, nowMs - lastMs) / HALF_LIFE_MS);
      [busyMs, done, lastMs] = [kept * busyMs, kept * done, nowMs];
      if (slept) here.wakeUp();
      else if (doneInTurn > 0 || here.calls > 0) {
        busyMs += passedMs;
        done += doneInTurn;
      }
      doneInTurn = 0;
    },
  };
}
