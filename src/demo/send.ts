import type { RawRecord } from '../scoring/detector.ts';
import type { ScoreStreamClient } from '../server/grpc/client.ts';
import type { DemoEvent } from './anomalies.ts';
import type { ScoredEvent } from './tally.ts';

/** Messages on their way at once in the bounded stream: enough to keep the server busy, few enough to keep order visible. */
const WINDOW = 64;

/** Scores `count` events as fast as the server answers; the results in order. */
export async function* sendAll(
  client: ScoreStreamClient,
  events: Iterator<DemoEvent>,
  count: number,
): AsyncGenerator<ScoredEvent> {
  const flying: Promise<ScoredEvent>[] = [];
  for (let sent = 0; sent < count; sent++) {
    const next = events.next();
    if (next.done === true) break;
    flying.push(scoreEvent(client, next.value));
    if (flying.length >= WINDOW) yield await flying.shift()!;
  }
  for (const scored of flying) yield await scored;
}

export interface Pace {
  readonly eventsPerSecond: number;
  /** Waits so many milliseconds, or until the demo is to end. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  readonly ended: () => boolean;
}

/** Scores events at a steady pace until the end is asked for. A slow server slows the sender; nothing piles up. */
export async function* sendPaced(
  client: ScoreStreamClient,
  events: Iterator<DemoEvent>,
  pace: Pace,
): AsyncGenerator<ScoredEvent> {
  const gapMs = 1000 / pace.eventsPerSecond;
  let dueMs = pace.monotonicMs();
  while (!pace.ended()) {
    const next = events.next();
    if (next.done === true) return;
    yield await scoreEvent(client, next.value);
    // What could not be kept up with is not caught up with: a burst after a pause would look like an anomaly.
    dueMs = Math.max(dueMs + gapMs, pace.monotonicMs() - 1000);
    const waitMs = dueMs - pace.monotonicMs();
    if (waitMs > 0) await pace.sleep(waitMs);
  }
}

async function scoreEvent(client: ScoreStreamClient, event: DemoEvent): Promise<ScoredEvent> {
  const { results } = await client.score([toRecord(event)]);
  const result = results[0]!;
  return { event, score: result.score, pValue: result.pValue, flagged: result.anomalous };
}

/** The payment as a caller would send it: the truth about it stays here. */
function toRecord({ payment }: DemoEvent): RawRecord {
  return { ...payment };
}
