/**
 * Keeps the event loop from going to sleep for a moment where the next call is about to come. To fall asleep and be woken costs somebody who
 * sends one call after the other more than the row does: a core that has slept begins with cold caches, besides. The bargain is that of
 * an operating system that polls before it halts, and so is the rule: what was so lately will be so again.
 */
export interface Vigil {
  /** A call has come. */
  enter(): void;
  /** A call is over; once for each that has come. */
  leave(): void;
  /** Milliseconds that were spent awake in vain: as good as slept. */
  idleMs(): number;
}

export interface VigilParts {
  readonly monotonicMs: () => number;
  /** Milliseconds after a call in which the next one is waited for awake; 0 for not at all. */
  readonly mostMs: number;
  /** Runs `work` when what there is to read was looked for. */
  readonly later?: (work: () => void) => void;
}

/** So many calls in a row were answered and followed by the next one, each within that time and alone: then it is waited for, until it fails to come. */
const PROOFS = 4;

/** A turn of the event loop in which nothing was done takes some microseconds. */
const EMPTY_TURN_MS = 0.1;

const ASLEEP: Vigil = { enter: () => undefined, leave: () => undefined, idleMs: () => 0 };

export function createVigil({ monotonicMs, mostMs, later = setImmediate }: VigilParts): Vigil {
  if (mostMs === 0) return ASLEEP;
  let [stirredMs, lookedMs, idleMs] = [-Infinity, -Infinity, 0];
  let [calls, proofs, awake] = [0, 0, false];
  const look = (): void => {
    const nowMs = monotonicMs();
    const turnMs = nowMs - lookedMs;
    if (stirredMs < lookedMs && turnMs < EMPTY_TURN_MS) idleMs += turnMs;
    lookedMs = nowMs;
    if (nowMs - stirredMs >= mostMs) proofs = 0;
    awake = proofs >= PROOFS;
    if (awake) later(look);
  };
  const stir = (): boolean => {
    const nowMs = monotonicMs();
    const soon = nowMs - stirredMs < mostMs;
    stirredMs = nowMs;
    return soon;
  };
  return {
    // Where there are several callers, who also need the cores, the next call is seldom waited for.
    enter: () => {
      proofs = stir() && calls === 0 ? proofs + 1 : 0;
      calls++;
    },
    leave: () => {
      calls--;
      if (!stir()) proofs = 0;
      if (awake || proofs < PROOFS) return;
      awake = true;
      lookedMs = stirredMs;
      later(look);
    },
    idleMs: () => idleMs,
  };
}
