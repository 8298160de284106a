import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, type ErrorCode, toAristarchError } from '../../base/errors.ts';
import { fromDeadLetter, HEADERS, headerText } from './convert.ts';
import { createTransactionalDeliveries } from './deliveries.ts';
import type { InboundMessage, KafkaClient, OutboundMessage, PartitionBatch } from './port.ts';

export interface ReplayParts {
  /** Of the dead-letter topic as its input. */
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly deadLetterTopic: string;
  /** Where events come from, and go again. */
  readonly eventsTopic: string;
  /** Only letters with these codes; absent for all. */
  readonly reasons?: readonly ErrorCode[] | undefined;
  /** Counts, and changes nothing. */
  readonly dryRun: boolean;
  /** How long nothing has to come before the end is reached: a topic's end may be marks of transactions, which are not delivered. */
  readonly idleMs?: number;
}

export interface ReplaySummary {
  /** Letters that were sent again; with `dryRun`, that would have been. */
  readonly replayed: number;
  /** Left where they are: of another topic, for another reason, or without their bytes (too large for the dead-letter topic). */
  readonly otherTopic: number;
  readonly otherReason: number;
  readonly bytesGone: number;
}

type Fate = keyof ReplaySummary;

const IDLE_MS = 3_000;

/**
 * Sends the events behind dead letters to their topic again, each once: events and the group's place in the dead-letter topic
 * are committed in one transaction. Ends at what was there when it began; a run that is cut goes on where it was.
 */
export async function replayDeadLetters(parts: ReplayParts): Promise<ReplaySummary> {
  const { client, deadLetterTopic, eventsTopic } = parts;
  const missing = await client.findMissingTopics([deadLetterTopic, eventsTopic]);
  if (missing.length > 0) {
    const names = missing.map((topic) => `"${topic}"`).join(', ');
    throw new AristarchError('NOT_FOUND', `Kafka has no topic ${names} that this user may see`, { missing });
  }
  const ends = new Map((await client.readOffsets()).map(({ partition, high }) => [partition, high]));
  const counts: Record<Fate, number> = { replayed: 0, otherTopic: 0, otherReason: 0, bytesGone: 0 };
  const { groupId } = parts;
  const deliveries = createTransactionalDeliveries(client, {
    ...{ groupId, topicIn: deadLetterTopic, topicsOut: [eventsTopic] },
  });
  const progress = createProgress();
  const consumer = client.openConsumer((event) => {
    if (event.kind === 'crashed' && !event.restarts) progress.fail(event.error);
    if (event.kind === 'joined') progress.join();
  });
  try {
    await consumer.run(async (batch) => {
      progress.begin();
      try {
        await replayBatch(parts, deliveries, batch, ends.get(batch.partition) ?? 0n, counts);
      } catch (thrown) {
        progress.fail(toAristarchError(thrown));
        batch.redeliverAfter(60_000);
      } finally {
        progress.end();
      }
    });
    await progress.idle(parts.idleMs ?? IDLE_MS);
  } finally {
    await consumer.stop();
    await deliveries.close();
  }
  return counts;
}

async function replayBatch(
  parts: ReplayParts,
  deliveries: ReturnType<typeof createTransactionalDeliveries>,
  batch: PartitionBatch,
  end: bigint,
  counts: Record<Fate, number>,
): Promise<void> {
  const delivery = parts.dryRun ? undefined : await deliveries.open(batch);
  const from = delivery?.from ?? 0n;
  const letters = batch.messages.filter(({ offset }) => offset >= from && offset < end);
  const next = (letters.at(-1)?.offset ?? batch.messages.at(-1)!.offset) + 1n;
  const fates: Record<Fate, number> = { replayed: 0, otherTopic: 0, otherReason: 0, bytesGone: 0 };
  const events: OutboundMessage[] = [];
  for (const letter of letters) {
    const event = fromDeadLetter(letter);
    const fate = fateOf(parts, letter, event);
    fates[fate] += 1;
    if (fate === 'replayed') events.push(event!);
  }
  if (delivery === undefined || letters.length === 0) batch.advance(next);
  else {
    const refused = await delivery.send(parts.eventsTopic, events);
    if (refused.length > 0) throw tooLarge(parts, refused.length);
    if ((await delivery.commit(next)) === 'lost') return;
  }
  for (const fate of Object.keys(fates) as Fate[]) counts[fate] += fates[fate];
}

function fateOf({ eventsTopic, reasons }: ReplayParts, letter: InboundMessage, event?: OutboundMessage): Fate {
  if (headerText(letter.headers[HEADERS.sourceTopic]) !== eventsTopic) return 'otherTopic';
  const code = headerText(letter.headers[HEADERS.errorCode]);
  if (reasons !== undefined && !reasons.some((reason) => reason === code)) return 'otherReason';
  return event === undefined ? 'bytesGone' : 'replayed';
}

function tooLarge({ eventsTopic }: ReplayParts, count: number): AristarchError {
  return new AristarchError(
    'RESOURCE_EXHAUSTED',
    `topic "${eventsTopic}" refuses ${count} event(s) for their size: raise its max.message.bytes; none of their batch was sent`,
  );
}

/** Knows whether anything is going on. */
function createProgress() {
  let [joined, working, lastMs] = [false, 0, 0];
  let failure: AristarchError | undefined;
  const touch = (): void => void (lastMs = performance.now());
  return {
    join(): void {
      joined = true;
      touch();
    },
    begin: () => void (working += 1),
    end(): void {
      working -= 1;
      touch();
    },
    fail: (error: AristarchError) => void (failure ??= error),
    /** Resolves when nothing has happened for so long since the group was joined; rejects with what failed. */
    async idle(idleMs: number): Promise<void> {
      while (!joined || working > 0 || performance.now() - lastMs < idleMs) {
        if (failure !== undefined) throw failure;
        await sleep(50);
      }
      if (failure !== undefined) throw failure;
    },
  };
}
