import type { AristarchError } from '../../../base/errors.ts';
import type {
  BatchHandler,
  ConsumerEvent,
  ConsumerPort,
  HiddenRange,
  KafkaClientConfig,
  PartitionBatch,
} from '../port.ts';
import { unreadableAt } from '../read-record-batch.ts';
import type { Batch, Consumer, EachBatchPayload, Kafka } from './engine.ts';
import { isDealtAnew, isLostMembership, toRejoining } from './faults.ts';
import { createMembership, type Membership } from './membership.ts';
import { fromMessage } from './messages.ts';
import { SOME_RETRIES } from './retries.ts';
import { findMark } from './unreadable-marks.ts';

type ToError = (thrown: unknown) => AristarchError;

export function openConsumer(
  kafka: Kafka,
  config: KafkaClientConfig,
  fault: ToError,
  onEvent: (event: ConsumerEvent) => void,
): ConsumerPort {
  let stopping = false;
  const membership = createMembership(fault, () => onEvent({ kind: 'rebalancing' }));
  const consumer = kafka.consumer({
    groupId: config.groupId,
    sessionTimeout: config.sessionTimeoutMs,
    heartbeatInterval: heartbeatMs(config),
    // Also the longest time that stopping, and a partition coming out of its pause, wait for a fetch to end.
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: 1024 * 1024,
    allowAutoTopicCreation: false,
    // Without this a crash while stopping would start the consumer anew after it was disconnected.
    retry: { ...SOME_RETRIES, restartOnFailure: () => Promise.resolve(!stopping) },
  });
  watch(consumer, config, fault, (event) => {
    if (event.kind === 'joined') membership.begin();
    if (event.kind === 'rebalancing') membership.end();
    else onEvent(event);
  });
  return {
    async run(handler) {
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [config.topicIn], fromBeginning: config.startAt === 'earliest' });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: config.concurrency,
          eachBatch: (payload) => deliver(payload, handler, membership, heartbeatMs(config)),
        });
      } catch (thrown) {
        throw fault(thrown);
      }
    },
    async stop() {
      stopping = true;
      membership.stop();
      await consumer.disconnect();
    },
  };
}

function heartbeatMs({ sessionTimeoutMs }: KafkaClientConfig): number {
  return Math.max(100, Math.floor(sessionTimeoutMs / 10));
}

function watch(
  consumer: Consumer,
  config: KafkaClientConfig,
  fault: ToError,
  onEvent: (event: ConsumerEvent) => void,
): void {
  const { GROUP_JOIN, REBALANCING, END_BATCH_PROCESS, CRASH } = consumer.events;
  consumer.on(GROUP_JOIN, ({ payload }) =>
    onEvent({ kind: 'joined', partitions: payload.memberAssignment[config.topicIn] ?? [] }),
  );
  consumer.on(REBALANCING, () => onEvent({ kind: 'rebalancing' }));
  // Of what it has left out by itself the client tells here, and nowhere else.
  consumer.on(END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) onEvent({ kind: 'hidden', ...toHiddenRange(payload) });
  });
  consumer.on(CRASH, ({ payload }) =>
    onEvent({ kind: 'crashed', restarts: payload.restart, error: fault(payload.error) }),
  );
}

/** What the client says of a batch. */
export interface EndedBatch {
  readonly partition: number;
  /** Null, whatever the client's types say, where all that came lies before what was asked for, as in topics that are compacted. */
  readonly firstOffset: string | null;
  readonly lastOffset: string;
}

export function toHiddenRange({ partition, firstOffset, lastOffset }: EndedBatch): HiddenRange {
  return { partition, from: BigInt(firstOffset ?? lastOffset), to: BigInt(lastOffset) + 1n };
}

/** Hands a batch to the handler, and keeps the membership alive meanwhile. */
export async function deliver(
  payload: EachBatchPayload,
  handler: BatchHandler,
  membership: Membership,
  intervalMs: number,
): Promise<void> {
  if (payload.isStale() || !payload.isRunning()) return;
  const lost: Lost[] = [];
  // A failed heartbeat is no reason to drop what is begun. But the client is told of it after the batch: its own may be answered otherwise by then,
  // as by another coordinator, and it would go on with a membership of which nothing is wanted any more.
  const hear: Hear = (thrown, epoch) => {
    // The group was joined anew meanwhile, as by a fetch that found other partitions.
    if (membership.epoch !== epoch) return;
    if (isDealtAnew(thrown)) membership.end();
    lost.push({ thrown, epoch });
  };
  const beat = setInterval(() => {
    const { epoch } = membership;
    payload.heartbeat().catch((thrown: unknown) => isDealtAnew(thrown) && hear(thrown, epoch));
  }, intervalMs);
  try {
    await handler(toPartitionBatch(payload, membership, hear));
  } finally {
    clearInterval(beat);
  }
  // Thrown to the client, it makes it join the group anew at once.
  const still = lost.find(({ epoch }) => epoch === membership.epoch);
  if (still !== undefined) throw toRejoining(still.thrown);
}

/** What tells that a membership is over, and which: the client's epoch when it was asked. */
interface Lost {
  readonly thrown: unknown;
  readonly epoch: number;
}
type Hear = (thrown: unknown, epoch: number) => void;

function toPartitionBatch(payload: EachBatchPayload, membership: Membership, hear: Hear): PartitionBatch {
  const { batch } = payload;
  const { topic, partition } = batch;
  const { epoch } = membership;
  const mark = findMark(batch.messages);
  const readable = mark === undefined ? batch.messages : batch.messages.slice(0, -1);
  const nextOffset = mark === undefined ? BigInt(batch.lastOffset()) + 1n : BigInt(mark.offset);
  // The group may have been joined anew while the batch was worked on. The client would then commit under the new
  // membership, for a partition that is perhaps no longer ours, and the broker would believe it.
  const isOurs = () => membership.epoch === epoch;
  const advance = (nextOffset: bigint) => payload.resolveOffset(lastBefore(batch, nextOffset));
  return {
    topic,
    partition,
    messages: readable.map(fromMessage),
    nextOffset,
    unreadable: mark && unreadableAt({ topic, partition }, nextOffset, mark.unreadable),
    isOurs,
    isWanted: () => isOurs() && !membership.isEnding,
    advance,
    async commit(nextOffset) {
      if (!isOurs()) return 'lost';
      try {
        const offsets = [{ partition, offset: nextOffset.toString() }];
        await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: offsets }] });
      } catch (thrown) {
        if (!isLostMembership(thrown)) throw membership.fault(thrown);
        hear(thrown, epoch);
        return 'lost';
      }
      advance(nextOffset);
      return 'committed';
    },
    // What comes next is what is behind the resolved one.
    goBackTo: (offset) => payload.resolveOffset((offset - 1n).toString()),
    redeliverAfter(delayMs) {
      const resume = payload.pause();
      setTimeout(resume, delayMs).unref();
    },
  };
}

/** Resolving the offset of the batch's last message also steps over control records behind it. */
function lastBefore(batch: Batch, nextOffset: bigint): string {
  return batch.messages.findLast(({ offset }) => BigInt(offset) < nextOffset)?.offset ?? batch.lastOffset();
}
