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
/** A call whose message takes longer to come than one or two of these holds up nobody: the caller is slow, not the server. */
const GENERATION_MS = 100;

export function createCrowd(monotonicMs: () => number): Crowd {
  let [working, busyMs, done, lastMs] = [0, 0, 0, monotonicMs()];
  /** Calls that are being read, of this generation and of the one before. */
  let [young, older, generation] = [0, 0, 0];
  const advance = (): void => {
    const nowMs = monotonicMs();
    const passedMs = Math.max(0, nowMs - lastMs);
    const kept = 0.5 ** (passedMs / HALF_LIFE_MS);
    busyMs = kept * busyMs + (working > 0 ? passedMs : 0);
    done *= kept;
    lastMs = nowMs;
    const turns = Math.floor(nowMs / GENERATION_MS) - generation;
    if (turns === 0) return;
    [young, older, generation] = [0, turns === 1 ? young : 0, generation + turns];
  };
  const forget = (born: number): void => {
    if (born === generation) young--;
    else if (born === generation - 1) older--;
  };
  return {
    expectMs: () => {
      advance();
      return ((working + young + older) * busyMs) / (done + PRIOR_CALLS);
    },
    enter: () => {
      advance();
      young++;
      const born = generation;
      let state: 'read' | 'worked on' | 'over' = 'read';
      return {
        begin: () => {
          if (state !== 'read') return;
          advance();
          forget(born);
          working++;
          state = 'worked on';
        },
        leave: (isDone) => {
          if (state === 'over') return;
          advance();
          if (state === 'read') forget(born);
          else {
            working--;
            if (isDone) done++;
          }
          state = 'over';
        },
      };
    },
  };
}
