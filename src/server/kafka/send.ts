import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import type { Metrics } from '../metrics.ts';
import { toDeadLetter, withoutKeyAndHeaders, withoutValue } from './convert.ts';
import type { Delivery } from './deliveries.ts';
import type { KafkaConfig, OutboundMessage, Source } from './port.ts';
import type { BadEvent, Scored } from './score-events.ts';

export interface SendParts {
  readonly config: Pick<KafkaConfig, 'topicOut' | 'deadLetterTopic'>;
  readonly metrics: Metrics['kafka'];
  readonly log: Logger;
}

/** Sends results; returns those that the results topic refuses for their size, as bad events. */
export async function sendResults(
  { config, metrics }: SendParts,
  delivery: Delivery,
  results: Scored['results'],
): Promise<BadEvent[]> {
  if (results.length === 0) return [];
  const messages = results.map(({ result }) => result);
  const refused = new Set(await delivery.send(config.topicOut, messages));
  metrics.resultsProduced.inc({ topic: config.topicOut }, messages.length - refused.size);
  const reason = new AristarchError(
    'RESOURCE_EXHAUSTED',
    `the result, which keeps the key and the headers of the event, is larger than topic "${config.topicOut}" takes: ` +
      'send smaller headers, or raise max.message.bytes of that topic',
  );
  return results.filter(({ result }) => refused.has(result)).map(({ message }) => ({ message, reason }));
}

/** Sends events that have no result, as they came, with the reason. */
export async function sendDeadLetters(
  parts: SendParts,
  delivery: Delivery,
  source: Source,
  bad: readonly BadEvent[],
): Promise<void> {
  const [first] = bad;
  if (first === undefined) return;
  const { config, metrics, log } = parts;
  const letters = bad.map(({ message, reason }) => toDeadLetter(source, message, reason));
  const reduced = await sendLetters(config.deadLetterTopic, delivery, letters);
  for (const { reason } of bad) metrics.deadLetters.inc({ reason: reason.code });
  const { topic, partition } = source;
  const { code } = first.reason; // its message may quote the event, and events may be personal
  const loss = reduced === 0 ? '' : ` (${reduced} only as hash and length: the topic refuses their size)`;
  log.warn(
    { topic, partition, count: bad.length, reduced, code, offset: first.message.offset.toString() },
    `${bad.length} event(s) of ${topic}/${partition} went to dead-letter topic "${config.deadLetterTopic}"${loss}; ` +
      `the first, at offset ${first.message.offset}, with ${code}: its letter says why`,
  );
}

/** Sends letters whole; what the topic refuses for its size loses its value, and at last its key and headers. Returns how many did. */
async function sendLetters(topic: string, delivery: Delivery, letters: readonly OutboundMessage[]): Promise<number> {
  const tooLarge = await delivery.send(topic, letters);
  let left = tooLarge;
  for (const reduce of [withoutValue, withoutKeyAndHeaders]) {
    if (left.length === 0) break;
    left = await delivery.send(topic, left.map(reduce));
  }
  if (left.length === 0) return tooLarge.length;
  throw new AristarchError(
    'PRECONDITION_FAILED',
    `dead-letter topic "${topic}" refuses even a message without value, key and headers: ` +
      'raise its max.message.bytes',
  );
}
