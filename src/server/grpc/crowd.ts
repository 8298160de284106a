/**
 * The calls that are on the quick lane, and when one more would be answered: as many times what a call has taken lately, while
 * there was always one to work on, as there are calls before it. It counts what the batcher cannot see: messages that are
 * still being read, decoding, answers, and the refusals of others.
 */
export interface Crowd {
  /** Milliseconds after which a call that came now would be answered; 0 where nobody is before it. */
  expectMs(): number;
  /** Calls whose messages are still to come, whether the process slept or not. */
  readonly coming: number;
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

/** Calls whose messages are on their way. */
class Coming {
  /** Of this generation and of the one before. */
  #young = 0;
  #older = 0;
  #generation = 0;
  readonly #monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  get calls(): number {
    this.#advance();
    return this.#young + this.#older;
  }

  /** One more; the answer is called once, when its message is whole or the call is over. */
  enter(): () => void {
    this.#advance();
    this.#young++;
    const born = this.#generation;
    return () => {
      this.#advance();
      if (born === this.#generation) this.#young--;
      else if (born === this.#generation - 1) this.#older--;
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

/** Calls that are before another, of the time since the process slept last. */
class Here {
  #working = 0;
  readonly #coming: Coming;

  constructor(monotonicMs: () => number) {
    this.#coming = new Coming(monotonicMs);
  }

  get calls(): number {
    return this.#working + this.#coming.calls;
  }

  /** `onDone` is told of calls that ended by their work. */
  enter(onDone: () => void): Ticket {
    let leaveComing: (() => void) | undefined = this.#coming.enter();
    let isOver = false;
    const arrive = (): void => {
      leaveComing?.();
      leaveComing = undefined;
    };
    return {
      begin: () => {
        if (leaveComing === undefined) return;
        arrive();
        this.#working++;
      },
      leave: (isDone) => {
        if (isOver) return;
        isOver = true;
        if (isDone) onDone();
        if (leaveComing === undefined) this.#working--;
        else arrive();
      },
    };
  }
}

export function createCrowd(monotonicMs: () => number): Crowd {
  let here = new Here(monotonicMs);
  const coming = new Coming(monotonicMs);
  let [busyMs, done, doneInTurn, lastMs] = [0, 0, 0, monotonicMs()];
  return {
    expectMs: () => (here.calls * busyMs) / (done + PRIOR_CALLS),
    get coming() {
      return coming.calls;
    },
    enter: () => {
      const ticket = here.enter(() => {
        doneInTurn++;
      });
      let arrive: (() => void) | undefined = coming.enter();
      const arrived = (): void => {
        arrive?.();
        arrive = undefined;
      };
      return {
        begin: () => {
          arrived();
          ticket.begin();
        },
        leave: (done) => {
          arrived();
          ticket.leave(done);
        },
      };
    },
    refuse: () => {
      doneInTurn += REFUSAL;
    },
    turn: (passedMs, slept) => {
      const nowMs = monotonicMs();
      const kept = 0.5 ** (Math.max(0, nowMs - lastMs) / HALF_LIFE_MS);
      [busyMs, done, lastMs] = [kept * busyMs, kept * done, nowMs];
      // Those who were there before are told to another, whom nobody asks.
      if (slept) here = new Here(monotonicMs);
      else if (doneInTurn > 0 || here.calls > 0) {
        busyMs += passedMs;
        done += doneInTurn;
      }
      doneInTurn = 0;
    },
  };
}
