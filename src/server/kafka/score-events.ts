import { type AristarchError, toAristarchError } from '../../base/errors.ts';
import type { RawRecord } from '../../scoring/detector.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import type { InboundMessage, RoutedPart, ScoreRecords, Source } from './port.ts';
import { mayBeOfOne, scorePlainEvents, scoreRows, type ScoredEvent, type ScoringParts } from './score-rows.ts';
import { trySingly } from './suspects.ts';

interface GoodEvent {
  readonly message: InboundMessage;
  readonly record: RawRecord;
}
export interface BadEvent {
  readonly message: InboundMessage;
  readonly reason: AristarchError;
}
export interface Scored {
  readonly results: readonly ScoredEvent[];
  readonly bad: readonly BadEvent[];
}

/**
 * Results of all events that have one, and the others with the reason. Throws where no event is to blame: all are then
 * to be tried again.
 */
export async function scoreEvents(
  parts: ScoringParts,
  source: Source,
  messages: readonly InboundMessage[],
): Promise<Scored> {
  await parts.reader.prepare(messages);
  const plain = await scorePlainEvents(parts, source, messages);
  if (plain !== undefined) return { results: plain, bad: [] };
  const { good, bad } = parts.metrics.stages.time('decode', () => parseEvents(parts, messages), parts.span);
  if (good.length === 0) return { results: [], bad };
  const records = good.map(({ record }) => record);
  const scored: Scored[] = [{ results: [], bad }];
  for await (const routed of parts.scoring.route(records, (place) => keyOf(source, good[place]!.message))) {
    try {
      for (const part of routed.parts) {
        const events = part.places.map((place) => good[place]!);
        scored.push(await scorePart(part, parts, source, events));
      }
    } finally {
      routed.release();
    }
    scored.push({
      results: [],
      bad: routed.refused.map(({ place, reason }) => ({ message: good[place]!.message, reason })),
    });
  }
  return joinScored(scored);
}

/** The event's key; its place, where it has none: an event that is delivered twice must be judged by the same model twice. */
function keyOf({ topic, partition }: Source, { key, offset }: InboundMessage): string {
  return key === null ? `${topic}/${partition}/${offset}` : key.toString('latin1');
}

/** What a model on trial fails at, however, is judged by the other one at once: each event has one result, and waits for no trial. */
async function scorePart(
  { scorer, instead }: RoutedPart,
  parts: ScoringParts,
  source: Source,
  events: readonly GoodEvent[],
): Promise<Scored> {
  if (instead === undefined) return scoreBy(scorer, parts, source, events);
  // Nor are its failures waited out.
  const first = await scoreBy(scorer, { ...parts, suspects: false }, source, events).catch(
    (thrown: unknown): Scored => {
      const reason = toAristarchError(thrown);
      return { results: [], bad: events.map(({ message }) => ({ message, reason })) };
    },
  );
  if (first.bad.length === 0) return first;
  const failed = new Set(first.bad.map(({ message }) => message));
  const rest = events.filter(({ message }) => failed.has(message));
  const second = await scoreBy(instead.scorer, parts, source, rest);
  // What both refuse is the event's own fault.
  if (second.results.length > 0) instead.because(first.bad[0]!.reason);
  return joinScored([{ results: first.results, bad: [] }, second]);
}

/** In the order of the events, whichever model judged them: results of one key stay in the order of their events. */
function joinScored(parts: readonly Scored[]): Scored {
  const byOffset = (a: { message: InboundMessage }, b: { message: InboundMessage }): number =>
    a.message.offset < b.message.offset ? -1 : 1;
  const [first, ...others] = parts.filter(({ results, bad }) => results.length + bad.length > 0);
  if (first !== undefined && others.length === 0) return first;
  return {
    results: parts.flatMap(({ results }) => results).sort(byOffset),
    bad: parts.flatMap(({ bad }) => bad).sort(byOffset),
  };
}

async function scoreBy(
  scorer: ScoreRecords,
  parts: ScoringParts,
  source: Source,
  events: readonly GoodEvent[],
): Promise<Scored> {
  const { metrics, span } = parts;
  const { stages } = metrics;
  const { good, rows, bad } = stages.time('rows', () => encodeEvents(scorer, events), span);
  if (good.length === 0) return { results: [], bad };
  const records = { at: (row: number) => good[row]!.record, all: () => good.map(({ record }) => record) };
  const scored = good.map(({ message }) => message);
  try {
    return { results: await scoreRows(scorer, parts, { source, messages: scored, rows, records }), bad };
  } catch (thrown) {
    const reason = toAristarchError(thrown);
    if (!mayBeOfOne(reason, parts)) throw reason;
    if (good.length > 1) return scoreOneByOne(scorer, parts, source, good, bad);
    // Whether it is the event or the model, one event alone cannot tell.
    if (KAFKA_ACTIONS[reason.code] !== 'dead-letter') throw reason;
    return { results: [], bad: [...bad, ...good.map(({ message }) => ({ message, reason }))] };
  }
}

/**
 * For a batch that the scorer refuses as a whole, though each event can be encoded: alone, the culprit shows itself. Throws what the
 * scorer itself fails with where no event is to blame.
 */
async function scoreOneByOne(
  scorer: ScoreRecords,
  parts: ScoringParts,
  source: Source,
  good: readonly GoodEvent[],
  bad: readonly BadEvent[],
): Promise<Scored> {
  const { outcomes, suspects } = await trySingly(good, {
    attempt: (event) => attemptOne(scorer, parts, source, event),
    isScored: ({ results }) => results.length > 0,
    mayBeOfItem: (reason) => mayBeOfOne(reason, parts),
    wait: parts.wait,
  });
  for (const { count } of outcomes.toSorted((a, b) => Number(a.offset - b.offset))) count();
  const setAside = suspects.map(({ item, reason }) => ({ message: item.message, reason }));
  return joinScored([...outcomes, { results: [], bad: [...bad, ...setAside] }]);
}

interface Attempt extends Scored {
  readonly offset: bigint;
  /** Counts and shows the event as scored: once, of all attempts at it, and not at all where they come to nothing. */
  readonly count: () => void;
}

async function attemptOne(
  scorer: ScoreRecords,
  parts: ScoringParts,
  source: Source,
  event: GoodEvent,
): Promise<Attempt> {
  const works: (() => void)[] = [];
  const own = { ...parts, afterwards: (work: () => void): void => void works.push(work) };
  const scored = await scoreBy(scorer, own, source, [event]);
  return { ...scored, offset: event.message.offset, count: () => works.forEach((work) => work()) };
}

function parseEvents(
  { reader }: ScoringParts,
  messages: readonly InboundMessage[],
): { good: GoodEvent[]; bad: BadEvent[] } {
  const good: GoodEvent[] = [];
  const bad: BadEvent[] = [];
  for (const message of messages) {
    try {
      good.push({ message, record: reader.read(message) });
    } catch (thrown) {
      bad.push({ message, reason: toAristarchError(thrown) });
    }
  }
  return { good, bad };
}

interface EncodedEvents {
  readonly good: readonly GoodEvent[];
  /** The raw rows of `good`, packed. */
  readonly rows: Float32Array;
  readonly bad: readonly BadEvent[];
}

/** Encodes all events at once; only when that fails is each looked at alone. */
function encodeEvents(scorer: ScoreRecords, events: readonly GoodEvent[]): EncodedEvents {
  const encode = (some: readonly GoodEvent[]): Float32Array => scorer.encode(some.map(({ record }) => record));
  if (events.length === 0) return { good: [], rows: new Float32Array(0), bad: [] };
  try {
    return { good: events, rows: encode(events), bad: [] };
  } catch (thrown) {
    const bad = events.flatMap((event) => findFault(event, encode));
    if (bad.length === 0) throw toAristarchError(thrown);
    const unfit = new Set(bad.map(({ message }) => message));
    return {
      ...encodeEvents(
        scorer,
        events.filter(({ message }) => !unfit.has(message)),
      ),
      bad,
    };
  }
}

function findFault(event: GoodEvent, encode: (events: readonly GoodEvent[]) => unknown): BadEvent[] {
  try {
    encode([event]);
    return [];
  } catch (thrown) {
    return [{ message: event.message, reason: toAristarchError(thrown) }];
  }
}
