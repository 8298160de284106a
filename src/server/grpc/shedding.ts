import type { OutgoingHttpHeaders } from 'node:http2';
import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import { SOONEST_RETRY_MS } from '../batching/admission.ts';
import type { Waiting } from '../batching/backlog.ts';
import { toServiceError } from './call-context.ts';
import { createCrowd, type Ticket } from './crowd.ts';
import { toTrailersOnly } from './trailers-only.ts';
import { createTurnClock, type TurnClockParts } from './turn-clock.ts';

/**
 * Share of the remaining time that calls before it may take. Less than the batcher plans with: what is refused here costs its headers
 * alone, what is refused there was read.
 */
const SHARE = 0.5;
/** Of callers with low priority, who make room for others first. */
export const LOW_SHARE = 0.25;

/** What is remembered of a long turn counts half after so many milliseconds. */
const HALF_LIFE_MS = 500;

/** Lets calls in, or refuses them at the cost of their headers: a server that cannot bear its load must not spend its time on saying so. */
export interface Shedding {
  /** The trailers to refuse a call with that has so many milliseconds left; undefined where it may come in. `share` of them may calls before it take. */
  refusalOf(remainingMs: number, share?: number): OutgoingHttpHeaders | undefined;
  /** Milliseconds that a call that is read now may have waited to be read. */
  waitedMs(): number;
  enter(): Ticket;
}

/** `backlog`: what waits for inferences. `turn`: how the event loop is watched; as it is, when absent. */
export function createShedding(
  monotonicMs: () => number,
  log: Logger,
  backlog: Waiting,
  turn: Pick<TurnClockParts, 'idleMs' | 'atEnd'> = {},
): Shedding {
  const crowd = createCrowd(monotonicMs);
  /** An answer leaves at the end of a turn of the event loop: the longest of these lately, where there was no sleep. */
  let turnMs = 0;
  const onTurn = (passedMs: number, slept: boolean): void => {
    crowd.turn(passedMs, slept);
    turnMs = slept ? 0 : Math.max(passedMs, turnMs * 0.5 ** (passedMs / HALF_LIFE_MS));
  };
  const turns = createTurnClock({ monotonicMs, onTurn, ...turn });
  const written = new Map<number, OutgoingHttpHeaders>();
  return {
    enter: () => crowd.enter(),
    waitedMs: () => turns.waitedMs(),
    refusalOf: (remainingMs, share = SHARE) => {
      // Inferences may take place in a thread, which the turns of the event loop know nothing of.
      const expectMs = Math.max(crowd.expectMs(), backlog.expectMs(crowd.coming));
      const lateMs = remainingMs === Infinity ? 0 : expectMs + turnMs - share * remainingMs;
      // Whoever finds nobody before him is let in: an expectation that is wrong is put right by trying.
      if (remainingMs > 0 && (expectMs <= 0 || lateMs <= 0)) return undefined;
      crowd.refuse();
      const retryMs = stepAbove(lateMs);
      let trailers = written.get(retryMs);
      if (trailers === undefined) {
        trailers = toTrailersOnly(toServiceError(tooLate(retryMs), log));
        written.set(retryMs, trailers);
      }
      return trailers;
    },
  };
}

/** In steps, each twice the one before: there are few different refusals, and each is written once. */
function stepAbove(ms: number): number {
  let step = SOONEST_RETRY_MS;
  while (step < ms) step *= 2;
  return step;
}

function tooLate(retryAfterMs: number): AristarchError {
  const message =
    'the calls that came before would keep this one waiting until after its deadline: send again in ' +
    `${retryAfterMs} ms, or with a longer deadline`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { retryAfterMs });
}
