import { performance } from 'node:perf_hooks';

/**
 * How long what is read now may have waited in its socket. Where the process slept before this turn of the event loop, what came
 * has woken it; else it may have come at any time since the turn before began to read. A deadline is sent as the time that
 * is left, so that a server which does not know this answers late as soon as its turns are long.
 */
export interface TurnClock {
  waitedMs(): number;
}

export interface TurnClockParts {
  readonly monotonicMs: () => number;
  /** Milliseconds that the event loop has slept since it began. */
  readonly idleMs?: () => number;
  /** Runs `work` at the end of the turn. */
  readonly atEnd?: (work: () => void) => void;
  /** Told of each turn in which something is asked: milliseconds since the one before, and whether the process slept in between. */
  readonly onTurn?: (passedMs: number, slept: boolean) => void;
}

/** Milliseconds that the event loop of this process has slept since it began. */
export const sleptMs = (): number => performance.eventLoopUtilization().idle;

/** More is not known: there may have been turns in between, in which nothing was asked. */
const LONGEST_WAIT_MS = 100;

/** Asking for input that is there already counts as a little idleness, too. */
const SLEEP_MS = 0.1;

export function createTurnClock(parts: TurnClockParts): TurnClock {
  const { monotonicMs, onTurn, idleMs = sleptMs, atEnd = setImmediate } = parts;
  /** When the turn before ended, and the one before that. */
  let [endedMs, endedBeforeMs] = [-Infinity, -Infinity];
  let [sinceMs, idleBeforeMs, begunMs, inTurn] = [0, 0, -Infinity, false];
  const begin = (nowMs: number): void => {
    const idle = idleMs();
    const slept = idle - idleBeforeMs > SLEEP_MS;
    onTurn?.(nowMs - begunMs, slept || begunMs === -Infinity);
    begunMs = nowMs;
    sinceMs = slept || nowMs - endedBeforeMs > LONGEST_WAIT_MS ? nowMs : endedBeforeMs;
    [idleBeforeMs, inTurn] = [idle, true];
    atEnd(() => {
      [endedBeforeMs, endedMs, inTurn] = [endedMs, monotonicMs(), false];
    });
  };
  return {
    waitedMs: () => {
      const nowMs = monotonicMs();
      if (!inTurn) begin(nowMs);
      return nowMs - sinceMs;
    },
  };
}
