import { rootCertificates } from 'node:tls';
import type { Logger } from 'pino';
import { loadCodecs } from '../compression.ts';
import type { KafkaClient, KafkaClientConfig, PartitionOffsets, TransactionalLane } from '../port.ts';
import { registerCodecs } from './codecs.ts';
import { openConsumer } from './consumer.ts';
import { type Admin, Kafka, type LogEntry, logLevel } from './engine.ts';
import { toKafkaError } from './faults.ts';
import { openProducerSession } from './producer.ts';
import { ONE_RETRY, SOME_RETRIES } from './retries.ts';

/**
 * The port over kafkajs (docs/decisions/0010-kafkajs-2-2-3-behind-a-port.md). What one must know of the client's manners is said
 * where it matters in this folder.
 */
export async function createKafkajsClient(config: KafkaClientConfig, log: Logger): Promise<KafkaClient> {
  registerCodecs(await loadCodecs());
  const kafka = openKafka(config, log, SOME_RETRIES);
  // Whoever asks the administrator asks again anyway, and should hear soon that nobody answers.
  const admin = openKafka(config, log, ONE_RETRY).admin({ retry: ONE_RETRY });
  const fault = (thrown: unknown) => toKafkaError(thrown, config.brokers);
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      await admin.connect();
      return await question();
    } catch (thrown) {
      throw fault(thrown);
    }
  }
  return {
    findMissingTopics: (topics) =>
      ask(async () => {
        const present = new Set(await admin.listTopics());
        return topics.filter((topic) => !present.has(topic));
      }),
    openProducerSession: () => openProducerSession(kafka, config, fault),
    openTransactionalSession: (lane) => openTransactionalSession(config, lane),
    openConsumer: (onEvent) => openConsumer(kafka, config, fault, onEvent),
    readOffsets: () => ask(() => readOffsets(admin, config)),
    close: () => admin.disconnect(),
  };
}

/**
 * By the other client's requests: kafkajs asks neither how a transaction ended nor for offsets that nothing is about to move
 * (docs/decisions/0037-ends-of-transactions-are-written-again.md).
 */
async function openTransactionalSession(config: KafkaClientConfig, lane: TransactionalLane) {
  const transactions = await import('../platformatic/transactions.ts');
  return transactions.openTransactionalSession(config, lane);
}

function openKafka(config: KafkaClientConfig, log: Logger, retry: typeof SOME_RETRIES): Kafka {
  return new Kafka({
    clientId: config.clientId,
    brokers: [...config.brokers],
    ssl: toSsl(config),
    ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => forward(log, entry),
  });
}

/** A certificate authority of one's own is trusted beside those that Node knows. */
function toSsl({ tls }: KafkaClientConfig) {
  if (tls === undefined) return false;
  const { authority, certificate, key } = tls;
  return {
    ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] }),
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  };
}

async function readOffsets(admin: Admin, config: KafkaClientConfig): Promise<PartitionOffsets[]> {
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(config.topicIn),
    readAllCommitted(admin, config),
  ]);
  return ends.map(({ partition, low, high }) => ({
    partition,
    low: BigInt(low),
    high: BigInt(high),
    committed: committed.get(partition),
  }));
}

/** Committed offsets by partition; absent where there is none. */
async function readAllCommitted(admin: Admin, { topicIn, groupId }: KafkaClientConfig): Promise<Map<number, bigint>> {
  const topics = await admin.fetchOffsets({ groupId, topics: [topicIn] });
  const offsets = topics.flatMap(({ partitions }) => partitions);
  return new Map(
    offsets.filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset }) => [partition, BigInt(offset)]),
  );
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
