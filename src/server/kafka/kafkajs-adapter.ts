import {
  type Batch,
  type Consumer,
  type EachBatchPayload,
  Kafka,
  logLevel,
  type LogEntry,
  type Message,
  Partitioners,
  type PartitionerArgs,
} from 'kafkajs';
import type { Logger } from 'pino';
import type { AristarchError } from '../../base/errors.ts';
import { isLostMembership, toKafkaError } from './kafkajs-faults.ts';
import { fromMessage } from './kafkajs-messages.ts';
import type {
  BatchHandler,
  ConsumerEvent,
  ConsumerPort,
  KafkaClient,
  KafkaConfig,
  OutboundMessage,
  PartitionBatch,
  PartitionOffsets,
  ProducerSession,
} from './port.ts';

/**
 * The only file that knows kafkajs, pinned to 2.2.3 (docs/decisions/0010-kafkajs-2-2-3-behind-a-port.md). What it must know of the
 * client's manners is said where it matters below.
 */
export function createKafkajsClient(config: KafkaConfig, log: Logger): KafkaClient {
  const kafka = openKafka(config, log, SOME_RETRIES);
  // Whoever asks the administrator asks again anyway, and should hear soon that nobody answers.
  const admin = openKafka(config, log, ONE_RETRY).admin({ retry: ONE_RETRY });
  const fault = (thrown: unknown) => toKafkaError(thrown, config.brokers);
  return {
    async findMissingTopics(topics) {
      try {
        await admin.connect();
        const present = new Set(await admin.listTopics());
        return topics.filter((topic) => !present.has(topic));
      } catch (thrown) {
        throw fault(thrown);
      }
    },
    openProducerSession: () => openProducerSession(kafka, fault),
    openConsumer: (onEvent) => openConsumer(kafka, config, fault, onEvent),
    async readOffsets() {
      try {
        await admin.connect();
        return await readOffsets(admin, config);
      } catch (thrown) {
        throw fault(thrown);
      }
    },
    close: () => admin.disconnect(),
  };
}

// Every `retry` is spelt out: under NODE_ENV=test the client has other defaults.
const ONE_RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 };
const SOME_RETRIES = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 4 };

function openKafka(config: KafkaConfig, log: Logger, retry: typeof SOME_RETRIES): Kafka {
  return new Kafka({
    clientId: config.clientId,
    brokers: [...config.brokers],
    ssl: config.tls,
    ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => forward(log, entry),
  });
}

type ToError = (thrown: unknown) => AristarchError;

async function openProducerSession(kafka: Kafka, fault: ToError): Promise<ProducerSession> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner,
    retry: SOME_RETRIES,
  });
  try {
    await producer.connect();
  } catch (thrown) {
    throw fault(thrown);
  }
  return {
    async send(topic, messages) {
      try {
        await producer.send({ topic, acks: -1, messages: messages.map(toMessage) });
      } catch (thrown) {
        throw fault(thrown);
      }
    },
    close: () => producer.disconnect(),
  };
}

function toMessage({ key, value, headers, keylessPartition }: OutboundMessage): Message {
  return { key, value, headers, ...(key === null ? { partition: keylessPartition } : {}) };
}

/**
 * A message must go to the same partition each time it is tried: the client asks again on every retry, and its own choice
 * for messages without a key is round robin, which would number different messages alike.
 */
function createPartitioner(): (args: PartitionerArgs) => number {
  const byKey = Partitioners.DefaultPartitioner();
  return (args) => {
    const { partition } = args.message;
    return partition === undefined ? byKey(args) : partition % args.partitionMetadata.length;
  };
}

function openConsumer(
  kafka: Kafka,
  config: KafkaConfig,
  fault: ToError,
  onEvent: (event: ConsumerEvent) => void,
): ConsumerPort {
  let stopping = false;
  const membership = { epoch: 0, fault };
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
    if (event.kind === 'joined') membership.epoch += 1;
    onEvent(event);
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
      await consumer.disconnect();
    },
  };
}

function heartbeatMs({ sessionTimeoutMs }: KafkaConfig): number {
  return Math.max(100, Math.floor(sessionTimeoutMs / 10));
}

function watch(consumer: Consumer, config: KafkaConfig, fault: ToError, onEvent: (event: ConsumerEvent) => void): void {
  const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events;
  consumer.on(GROUP_JOIN, ({ payload }) =>
    onEvent({ kind: 'joined', partitions: payload.memberAssignment[config.topicIn] ?? [] }),
  );
  consumer.on(REBALANCING, () => onEvent({ kind: 'rebalancing' }));
  consumer.on(CRASH, ({ payload }) =>
    onEvent({ kind: 'crashed', restarts: payload.restart, error: fault(payload.error) }),
  );
}

/** Hands a batch to the handler, and keeps the membership alive meanwhile. */
async function deliver(
  payload: EachBatchPayload,
  handler: BatchHandler,
  membership: Membership,
  intervalMs: number,
): Promise<void> {
  if (payload.isStale() || !payload.isRunning()) return;
  // A failed heartbeat is no reason to drop the work: the client finds out with its own, after the batch.
  const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), intervalMs);
  const lost: unknown[] = [];
  try {
    await handler(toPartitionBatch(payload, membership, lost));
  } finally {
    clearInterval(beat);
  }
  // Thrown to the client, it makes it join the group anew at once.
  if (lost.length > 0) throw lost[0];
}

interface Membership {
  /** Counts how often the group was joined. */
  readonly epoch: number;
  readonly fault: ToError;
}

function toPartitionBatch(payload: EachBatchPayload, membership: Membership, lost: unknown[]): PartitionBatch {
  const { batch } = payload;
  const { topic, partition } = batch;
  const { epoch } = membership;
  return {
    topic,
    partition,
    messages: batch.messages.map(fromMessage),
    async commit(nextOffset) {
      // The group may have been joined anew while the batch was worked on. The client would then commit under the new
      // membership, for a partition that is perhaps no longer ours, and the broker would believe it.
      if (membership.epoch !== epoch) return 'lost';
      try {
        const offsets = [{ partition, offset: nextOffset.toString() }];
        await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: offsets }] });
      } catch (thrown) {
        if (!isLostMembership(thrown)) throw membership.fault(thrown);
        lost.push(thrown);
        return 'lost';
      }
      payload.resolveOffset(lastBefore(batch, nextOffset));
      return 'committed';
    },
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

async function readOffsets(
  admin: ReturnType<Kafka['admin']>,
  { topicIn, groupId }: KafkaConfig,
): Promise<PartitionOffsets[]> {
  const [ends, groups] = await Promise.all([
    admin.fetchTopicOffsets(topicIn),
    admin.fetchOffsets({ groupId, topics: [topicIn] }),
  ]);
  const committed = new Map(
    groups.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, BigInt(offset)])),
  );
  return ends.map(({ partition, low, high }) => {
    const offset = committed.get(partition) ?? -1n;
    return { partition, low: BigInt(low), high: BigInt(high), committed: offset >= 0n ? offset : undefined };
  });
}

/**
 * The client calls ERROR what it is about to retry (a coordinator that loads, a connection that was closed). What really
 * ends its work reaches us as an event or a rejection, and is logged where it is handled; so its own lines are notes.
 */
function forward(log: Logger, { namespace, log: entry }: LogEntry): void {
  const shown = Object.entries(entry).filter(([name]) => !UNSHOWN.includes(name));
  log.debug({ ...Object.fromEntries(shown), kafkajs: namespace }, `kafkajs: ${entry.message}`);
}

/** Stacks tell the client's inside; the time is the log's own, and so is the message. */
const UNSHOWN = ['message', 'timestamp', 'stack', 'logger'];
