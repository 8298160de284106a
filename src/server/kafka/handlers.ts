import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { createTurns } from '../../scoring/turns.ts';
import type { WorkSpan } from '../tracing/port.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { BatchHandler, InboundMessage, KafkaConfig, PartitionBatch } from './port.ts';
import { createRepeats } from './repeats.ts';
import { scoreEvents, type Scored } from './score-events.ts';
import type { ScoringParts } from './score-rows.ts';
import { sendDeadLetters, sendResults, type SendParts } from './send.ts';
import type { StartBatchSpan } from './traced-batch.ts';

export interface BatchHandlerParts extends ScoringParts, SendParts {
  readonly deliveries: Deliveries;
  readonly config: ScoringParts['config'] & SendParts['config'] & Pick<KafkaConfig, 'maxBatchEvents' | 'pauseMs'>;
  /** Undefined where nothing is traced. */
  readonly startSpan?: StartBatchSpan | undefined;
}

/** What need not be given. */
type Given = 'repeats' | 'wait';

/** First and longest delay before a batch that failed is read again; it doubles from failure to failure. */
const RETRY_MS = { first: 200, longest: 30_000 };

/** Failures with `INTERNAL` in a row after which the event at which the model may fail is looked for. */
const SUSPECT_AFTER = 3;

/** Of a partition, since it last went on: all, and those of the model itself. */
interface Failures {
  readonly all: number;
  readonly internal: number;
}

/**
 * Scores batches. The one promise everything here serves: an offset is committed when each event before it has its result
 * or its dead letter acknowledged by the brokers. A batch that fails is left undone and read again; nothing is skipped.
 */
export function createBatchHandler({
  wait = sleep,
  repeats = createRepeats(),
  ...options
}: Omit<BatchHandlerParts, 'turn' | Given> & Partial<Pick<BatchHandlerParts, Given>>): BatchHandler {
  const parts: BatchHandlerParts = { ...options, wait, repeats, turn: createTurns() };
  const { config, metrics, log } = parts;
  const failures = new Map<number, Failures>();

  return async function handle(batch) {
    const failuresOf = (): Failures => failures.get(batch.partition) ?? { all: 0, internal: 0 };
    try {
      const own = { ...parts, suspects: failuresOf().internal >= SUSPECT_AFTER };
      await handleBatch(own, batch, () => failures.delete(batch.partition));
    } catch (thrown) {
      const error = toAristarchError(thrown);
      const { all, internal } = failuresOf();
      const count = all + 1;
      failures.set(batch.partition, { all: count, internal: error.code === 'INTERNAL' ? internal + 1 : 0 });
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

async function handleBatch(parts: BatchHandlerParts, batch: PartitionBatch, onProgress: () => void): Promise<void> {
  // Where nothing is to be begun, no way out is opened either.
  if (!batch.isWanted()) return;
  const outcome = batch.messages.length > 0 ? await handleMessages(parts, batch, onProgress) : 'done';
  // What is in front of it is done. Of a partition that is somebody else's by now he tells.
  if (outcome === 'done' && batch.unreadable !== undefined && batch.isWanted()) throw batch.unreadable;
}

/** 'done' also where no more of it was wanted. */
async function handleMessages(
  parts: BatchHandlerParts,
  batch: PartitionBatch,
  onProgress: () => void,
): Promise<'done' | 'lost'> {
  const { deliveries, config } = parts;
  const delivery = await deliveries.open(batch);
  const messages = batch.messages.filter(({ offset }) => offset >= delivery.from);
  if (messages.length < batch.messages.length) batch.advance(messages[0]?.offset ?? delivery.from);
  const slices = toSlices(messages, config.maxBatchEvents);
  const ahead = scoreAhead(parts, batch, slices);
  try {
    for (let scored = await ahead.next(); scored !== undefined; scored = await ahead.next()) {
      const delivering = deliver(parts, delivery, batch, scored);
      ahead.begin();
      if ((await delivering) === 'lost') return 'lost';
      onProgress();
    }
    return 'done';
  } finally {
    await ahead.stop();
  }
}

type Slice = readonly InboundMessage[];
interface ScoredSlice extends Scored {
  readonly slice: Slice;
  /** Undefined where nothing is traced; ended by whoever has the slice last. */
  readonly span: WorkSpan | undefined;
}

/** As few as there can be, and alike: a short one at the end would cost as much to send and to commit. */
function toSlices(messages: Slice, most: number): Slice[] {
  const count = Math.ceil(messages.length / most);
  const size = Math.ceil(messages.length / count);
  return Array.from({ length: count }, (_, place) => messages.slice(place * size, (place + 1) * size));
}

/**
 * Scores slices in their order, one before it is asked for: while its results wait, those of the slice before it are on their way. Begins
 * none once the batch is not wanted any more.
 */
function scoreAhead(parts: BatchHandlerParts, batch: PartitionBatch, slices: readonly Slice[]) {
  let place = 0;
  let working: Promise<ScoredSlice> | undefined;
  let stopped = false;
  async function scoreLater(slice: Slice): Promise<ScoredSlice> {
    await parts.turn();
    if (stopped) throw new AristarchError('CANCELLED', 'the slice before it was not delivered');
    return scoreSlice(parts, batch, slice);
  }
  function begin(): void {
    const slice = slices[place];
    if (working !== undefined || slice === undefined || !batch.isWanted()) return;
    working = scoreLater(slice);
    // A failure is told to whoever asks, and nobody may ask any more.
    working.catch(() => undefined);
    place += 1;
  }
  return {
    begin,
    /** Undefined where none is begun any more. */
    async next(): Promise<ScoredSlice | undefined> {
      begin();
      const asked = working;
      working = undefined;
      return asked;
    },
    /** Begins no other, and waits for the one at work: it holds a model. */
    async stop(): Promise<void> {
      stopped = true;
      const left = await working?.catch(() => undefined);
      left?.span?.end('CANCELLED');
    },
  };
}

async function scoreSlice(parts: BatchHandlerParts, batch: PartitionBatch, slice: Slice): Promise<ScoredSlice> {
  // What was fetched and is left is read again, by whomever: it counts where it is taken in hand.
  parts.metrics.recordsConsumed.inc({ topic: batch.topic }, slice.length);
  const span = parts.startSpan?.(batch, slice);
  return tracing(span, async () => {
    const scored = await scoreEvents(span === undefined ? parts : { ...parts, span }, batch, slice);
    span?.describe({ 'aristarch.results': scored.results.length, 'aristarch.dead_letters': scored.bad.length });
    return { ...scored, slice, span };
  });
}

/** Ends the span where the work fails. */
async function tracing<T>(span: WorkSpan | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    span?.end(toAristarchError(thrown).code);
    throw thrown;
  }
}

/** The last slice takes along what follows it unseen, which would look like events that wait. */
function behind(slice: Slice, { messages, nextOffset }: PartitionBatch): bigint {
  const last = slice.at(-1)!.offset;
  return last === messages.at(-1)!.offset ? nextOffset : last + 1n;
}

/** Results out, then dead letters, then the offset. */
function deliver(
  parts: BatchHandlerParts,
  delivery: Delivery,
  batch: PartitionBatch,
  { slice, span, results, bad }: ScoredSlice,
): Promise<'committed' | 'lost'> {
  const { metrics, repeats, turn, log } = parts;
  return tracing(span, async () => {
    await turn();
    const tooLarge = await sendResults(parts, delivery, results);
    await sendDeadLetters(parts, delivery, batch, [...bad, ...tooLarge]);
    const nextOffset = behind(slice, batch);
    const outcome = await delivery.commit(nextOffset);
    if (outcome === 'committed') {
      metrics.commits.inc({ topic: batch.topic, partition: batch.partition });
      repeats.committed(batch.partition, nextOffset);
    } else
      log.info(
        { topic: batch.topic, partition: batch.partition },
        'the partition moved to another member; its batch was not committed',
      );
    span?.end();
    return outcome;
  });
}
