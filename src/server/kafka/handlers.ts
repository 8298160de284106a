import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Explanation, RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { Metrics } from '../metrics.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import { parseEvent, toDeadLetter, toResult, withoutKeyAndHeaders, withoutValue } from './convert.ts';
import type {
  BatchHandler,
  InboundMessage,
  KafkaConfig,
  OutboundMessage,
  PartitionBatch,
  ProducerPort,
  ScoreRecords,
} from './port.ts';

export interface BatchHandlerParts {
  readonly scorer: ScoreRecords;
  readonly producer: ProducerPort;
  readonly config: Pick<
    KafkaConfig,
    'topicOut' | 'deadLetterTopic' | 'maxEventBytes' | 'maxBatchEvents' | 'pauseMs' | 'explainTopK' | 'maxExplainRows'
  >;
  readonly metrics: Metrics['kafka'];
  readonly log: Logger;
}

interface GoodEvent {
  readonly message: InboundMessage;
  readonly record: RawRecord;
}
interface BadEvent {
  readonly message: InboundMessage;
  readonly reason: AristarchError;
}
interface Scored {
  readonly results: readonly { readonly message: InboundMessage; readonly result: OutboundMessage }[];
  readonly bad: readonly BadEvent[];
}

/** First and longest delay before a batch that failed is read again; it doubles from failure to failure. */
const RETRY_MS = { first: 200, longest: 30_000 };

/**
 * Scores batches. The one promise everything here serves: an offset is committed when each event before it has its result
 * or its dead letter acknowledged by the brokers. A batch that fails is left undone and read again; nothing is skipped.
 */
export function createBatchHandler(parts: BatchHandlerParts): BatchHandler {
  const { config, metrics, log } = parts;
  const failures = new Map<number, number>();

  return async function handle(batch) {
    metrics.recordsConsumed.inc({ topic: batch.topic }, batch.messages.length);
    try {
      for (let start = 0; start < batch.messages.length; start += config.maxBatchEvents) {
        const slice = batch.messages.slice(start, start + config.maxBatchEvents);
        if ((await handleSlice(parts, batch, slice)) === 'lost') return;
        failures.delete(batch.partition);
      }
    } catch (thrown) {
      const error = toAristarchError(thrown);
      const count = (failures.get(batch.partition) ?? 0) + 1;
      failures.set(batch.partition, count);
      const delayMs = delayAfter(error, count, config.pauseMs);
      const { topic, partition } = batch;
      log[delayMs >= config.pauseMs ? 'error' : 'warn'](
        { topic, partition, code: error.code, failures: count, delayMs },
        `Kafka partition ${topic}/${partition}: ${error.message}; its events are kept and tried again in ${delayMs} ms`,
      );
      metrics.retries.inc({ operation: 'batch' });
      batch.redeliverAfter(delayMs);
    }
  };
}

/** A fault that is nobody's event (`dead-letter` found no culprit) is waited out like any other. */
function delayAfter(error: AristarchError, failures: number, pauseMs: number): number {
  const growing = Math.min(RETRY_MS.first * 2 ** (failures - 1), RETRY_MS.longest);
  return KAFKA_ACTIONS[error.code] === 'pause' ? Math.max(pauseMs, growing) : growing;
}

async function handleSlice(
  parts: BatchHandlerParts,
  batch: PartitionBatch,
  messages: readonly InboundMessage[],
): Promise<'committed' | 'lost'> {
  const { metrics, log } = parts;
  const { results, bad } = await scoreEvents(parts, batch, messages);
  const tooLarge = await sendResults(parts, results);
  await sendDeadLetters(parts, batch, [...bad, ...tooLarge]);
  const outcome = await batch.commit(messages.at(-1)!.offset + 1n);
  if (outcome === 'committed') metrics.commits.inc({ topic: batch.topic });
  else
    log.info(
      { topic: batch.topic, partition: batch.partition },
      'the partition moved to another member; its batch was not committed',
    );
  return outcome;
}

async function scoreEvents(
  parts: BatchHandlerParts,
  batch: PartitionBatch,
  messages: readonly InboundMessage[],
): Promise<Scored> {
  const { scorer } = parts;
  const parsed = parseEvents(parts, messages);
  const { good, rows, bad: unfit } = encodeEvents(scorer, parsed.good);
  const bad = [...parsed.bad, ...unfit];
  if (good.length === 0) return { results: [], bad };
  const records = good.map(({ record }) => record);
  try {
    const scores = await scorer.score(rows, records);
    const explanations = await explainAnomalous(parts, records, scores);
    const results = good.map(({ message }, row) => ({
      message,
      result: toResult(batch, message, scorer.model, scores, row, explanations.get(row)),
    }));
    return { results, bad };
  } catch (thrown) {
    const reason = toAristarchError(thrown);
    if (KAFKA_ACTIONS[reason.code] !== 'dead-letter') throw reason;
    if (good.length === 1) return { results: [], bad: [...bad, ...good.map(({ message }) => ({ message, reason }))] };
    return scoreOneByOne(parts, batch, good, bad);
  }
}

/** Explanations of the anomalous records, by their place; of the highest scores only where there are too many. */
async function explainAnomalous(
  { scorer, config: { explainTopK = 0, maxExplainRows = Infinity } }: BatchHandlerParts,
  records: readonly RawRecord[],
  { scores, verdicts }: ScoreBatch,
): Promise<Map<number, Explanation>> {
  if (explainTopK === 0) return new Map();
  const anomalous = [...records.keys()].filter((row) => verdicts[row] === 1);
  const places = anomalous.toSorted((a, b) => scores[b]! - scores[a]!).slice(0, maxExplainRows);
  const explanations = await scorer.explain(
    places.map((row) => records[row]!),
    explainTopK,
  );
  return new Map(places.map((row, index) => [row, explanations[index]!]));
}

/** For a batch that the scorer refuses as a whole, though each event can be encoded: alone, the culprit shows itself. */
async function scoreOneByOne(
  parts: BatchHandlerParts,
  batch: PartitionBatch,
  good: readonly GoodEvent[],
  bad: readonly BadEvent[],
): Promise<Scored> {
  const scored: Scored[] = [];
  for (const { message } of good) scored.push(await scoreEvents(parts, batch, [message]));
  return {
    results: scored.flatMap(({ results }) => results),
    bad: [...bad, ...scored.flatMap((each) => each.bad)],
  };
}

function parseEvents(
  { config }: BatchHandlerParts,
  messages: readonly InboundMessage[],
): { good: GoodEvent[]; bad: BadEvent[] } {
  const good: GoodEvent[] = [];
  const bad: BadEvent[] = [];
  for (const message of messages) {
    try {
      good.push({ message, record: parseEvent(message, config.maxEventBytes) });
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

/** Sends results; returns those that the results topic refuses for their size, as bad events. */
async function sendResults(
  { producer, config, metrics }: BatchHandlerParts,
  results: Scored['results'],
): Promise<BadEvent[]> {
  if (results.length === 0) return [];
  const messages = results.map(({ result }) => result);
  const refused = new Set(await producer.send(config.topicOut, messages));
  metrics.resultsProduced.inc({ topic: config.topicOut }, messages.length - refused.size);
  const reason = new AristarchError(
    'RESOURCE_EXHAUSTED',
    `the result, which keeps the key and the headers of the event, is larger than topic "${config.topicOut}" takes: ` +
      'send smaller headers, or raise max.message.bytes of that topic',
  );
  return results.filter(({ result }) => refused.has(result)).map(({ message }) => ({ message, reason }));
}

async function sendDeadLetters(
  parts: BatchHandlerParts,
  batch: PartitionBatch,
  bad: readonly BadEvent[],
): Promise<void> {
  const [first] = bad;
  if (first === undefined) return;
  const { config, metrics, log } = parts;
  const letters = bad.map(({ message, reason }) => toDeadLetter(batch, message, reason));
  const reduced = await sendLetters(parts, letters);
  for (const { reason } of bad) metrics.deadLetters.inc({ reason: reason.code });
  const { topic, partition } = batch;
  const { code, message } = first.reason;
  const loss = reduced === 0 ? '' : ` (${reduced} only as hash and length: the topic refuses their size)`;
  log.warn(
    { topic, partition, count: bad.length, reduced, code, offset: first.message.offset.toString() },
    `${bad.length} event(s) of ${topic}/${partition} went to dead-letter topic "${config.deadLetterTopic}"${loss}; ` +
      `the first: ${message}`,
  );
}

/** Sends letters whole; what the topic refuses for its size loses its value, and at last its key and headers. Returns how many did. */
async function sendLetters(
  { producer, config }: BatchHandlerParts,
  letters: readonly OutboundMessage[],
): Promise<number> {
  const tooLarge = await producer.send(config.deadLetterTopic, letters);
  let left = tooLarge;
  for (const reduce of [withoutValue, withoutKeyAndHeaders]) {
    if (left.length === 0) break;
    left = await producer.send(config.deadLetterTopic, left.map(reduce));
  }
  if (left.length === 0) return tooLarge.length;
  throw new AristarchError(
    'PRECONDITION_FAILED',
    `dead-letter topic "${config.deadLetterTopic}" refuses even a message without value, key and headers: ` +
      'raise its max.message.bytes',
  );
}
