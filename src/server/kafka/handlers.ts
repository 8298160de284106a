import { toAristarchError, type AristarchError } from '../../base/errors.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { BatchHandler, InboundMessage, KafkaConfig, PartitionBatch } from './port.ts';
import { scoreEvents, type ScoringParts } from './score-events.ts';
import type { WorkSpan } from '../tracing/port.ts';
import { sendDeadLetters, sendResults, type SendParts } from './send.ts';
import type { StartBatchSpan } from './traced-batch.ts';

export interface BatchHandlerParts extends ScoringParts, SendParts {
  readonly deliveries: Deliveries;
  readonly config: ScoringParts['config'] & SendParts['config'] & Pick<KafkaConfig, 'maxBatchEvents' | 'pauseMs'>;
  /** Undefined where nothing is traced. */
  readonly startSpan?: StartBatchSpan | undefined;
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
      await handleBatch(parts, batch, () => failures.delete(batch.partition));
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

async function handleBatch(parts: BatchHandlerParts, batch: PartitionBatch, onProgress: () => void): Promise<void> {
  const { deliveries, config } = parts;
  const delivery = await deliveries.open(batch);
  const messages = batch.messages.filter(({ offset }) => offset >= delivery.from);
  if (messages.length < batch.messages.length) batch.advance(messages[0]?.offset ?? delivery.from);
  for (let start = 0; start < messages.length; start += config.maxBatchEvents) {
    const slice = messages.slice(start, start + config.maxBatchEvents);
    if ((await traceSlice(parts, delivery, batch, slice)) === 'lost') return;
    onProgress();
  }
}

type Outcome = 'committed' | 'lost';

async function traceSlice(
  parts: BatchHandlerParts,
  delivery: Delivery,
  batch: PartitionBatch,
  messages: readonly InboundMessage[],
): Promise<Outcome> {
  const span = parts.startSpan?.(batch, messages);
  try {
    const outcome = await handleSlice(parts, delivery, batch, messages, span);
    span?.end();
    return outcome;
  } catch (thrown) {
    span?.end(toAristarchError(thrown).code);
    throw thrown;
  }
}

async function handleSlice(
  parts: BatchHandlerParts,
  delivery: Delivery,
  batch: PartitionBatch,
  messages: readonly InboundMessage[],
  span?: WorkSpan,
): Promise<Outcome> {
  const { metrics, log } = parts;
  const { results, bad } = await scoreEvents(span === undefined ? parts : { ...parts, span }, batch, messages);
  span?.describe({ 'aristarch.results': results.length, 'aristarch.dead_letters': bad.length });
  const tooLarge = await sendResults(parts, delivery, results);
  await sendDeadLetters(parts, delivery, batch, [...bad, ...tooLarge]);
  const outcome = await delivery.commit(messages.at(-1)!.offset + 1n);
  if (outcome === 'committed') metrics.commits.inc({ topic: batch.topic });
  else
    log.info(
      { topic: batch.topic, partition: batch.partition },
      'the partition moved to another member; its batch was not committed',
    );
  return outcome;
}
