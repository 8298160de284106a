import { randomUUID } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import { type Admin, Kafka, logLevel, type Message, type Producer } from '../../src/server/kafka/kafkajs/engine.ts';
import { COMPRESSION_TYPES } from '../../src/server/kafka/kafkajs/codecs.ts';
import { waitUntil } from './wait-until.ts';

export interface ReadMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Values as text; the last one of a repeated header. */
  readonly headers: Readonly<Record<string, string>>;
}

interface EachMessage {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** Asked after each message, with all that were read so far. */
type IsEnough = (messages: readonly ReadMessage[]) => boolean;

/** What tests do to a broker from outside, as any client would: topics, events in, results out. */
export interface KafkaTestClient extends AsyncDisposable {
  readonly admin: Admin;
  createTopic(topic: string, partitions?: number, config?: Readonly<Record<string, string>>): Promise<void>;
  produce(topic: string, messages: Message[], compression?: 'gzip'): Promise<void>;
  /** So many transactions, each of some of the messages, which are then committed or taken back. */
  produceTransactions(topic: string, transactions: readonly Message[][], end: 'commit' | 'abort'): Promise<void>;
  /** A transaction with the messages, which stays open until the returned function takes it back. */
  openTransaction(topic: string, messages: Message[]): Promise<() => Promise<void>>;
  /** Everything in a topic, from its start, as soon as `enough` says so; throws after `timeoutMs` with what there was. */
  readUntil(topic: string, enough: IsEnough, timeoutMs?: number): Promise<ReadMessage[]>;
  /** Everything that is in a topic now; aborted and open transactions only when asked for. */
  readAll(
    topic: string,
    options?: { readonly uncommitted?: boolean; readonly timeoutMs?: number },
  ): Promise<ReadMessage[]>;
  /** Reads on in topics, from their start, until it is closed: how many committed messages it has seen so far. */
  follow(topics: readonly string[]): Promise<Follower>;
  /** Committed offsets by partition; absent where the group committed none. */
  committed(groupId: string, topic: string): Promise<Map<number, number>>;
  close(): Promise<void>;
}

export interface Follower {
  readonly count: () => number;
  /** Offset up to which a partition was read, with ends of transactions and what was taken back. */
  readonly reached: (topic: string, partition: number) => number;
  readonly close: () => Promise<void>;
}

/** What the keys of marks begin with. */
const END = 'the end ';

export async function connectKafkaTestClient(address: string): Promise<KafkaTestClient> {
  const kafka = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 8 },
  });
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await Promise.all([admin.connect(), producer.connect()]);

  async function close(): Promise<void> {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
  async function openSender(): Promise<Producer> {
    const options = { transactionalId: `sender-${randomUUID()}`, maxInFlightRequests: 1, idempotent: true };
    const sender = kafka.producer(options);
    await sender.connect();
    return sender;
  }
  return {
    admin,
    async createTopic(topic, partitions = 1, config = {}) {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: partitions, configEntries }],
      });
      // The client's own wait gives up when the broker has not yet heard of the topic from its controller.
      const hasLeaders = async (): Promise<boolean> => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length === partitions && topics[0].partitions.every(({ leader }) => leader >= 0);
      };
      await waitUntil(`topic ${topic}`, () => hasLeaders().catch(() => false));
    },
    async produce(topic, messages, compression) {
      await producer.send({ topic, messages, compression: COMPRESSION_TYPES[compression ?? 'none'] });
    },
    async openTransaction(topic, messages) {
      const sender = await openSender();
      const transaction = await sender.transaction();
      await transaction.send({ topic, messages });
      return async () => {
        await transaction.abort();
        await sender.disconnect();
      };
    },
    async produceTransactions(topic, transactions, end) {
      const sender = await openSender();
      try {
        for (const messages of transactions) {
          const transaction = await sender.transaction();
          await transaction.send({ topic, messages });
          await transaction[end]();
        }
      } finally {
        await sender.disconnect();
      }
    },
    readUntil: (topic, enough, timeoutMs = 60_000) => readUntil(kafka, topic, enough, { timeoutMs }),
    async readAll(topic, { uncommitted = false, timeoutMs = 60_000 } = {}) {
      // Marks the end of each partition: what is read up to there is all.
      const { length } = await admin.fetchTopicOffsets(topic);
      const endMark = Buffer.from(`${END}${randomUUID()}`);
      const isMark = ({ key }: ReadMessage): boolean => key?.equals(endMark) === true;
      const marks = Array.from({ length }, (_, partition) => ({ key: endMark, value: null, partition }));
      await producer.send({ topic, messages: marks });
      let found = 0;
      // Looks at the newest alone: hundreds of thousands may lie before it.
      const enough: IsEnough = (messages) => (found += Number(isMark(messages.at(-1)!))) === length;
      // Also those of earlier readings.
      const messages = await readUntil(kafka, topic, enough, { timeoutMs, uncommitted });
      return messages.filter(({ key }) => key?.toString().startsWith(END) !== true);
    },
    async follow(topics) {
      const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 50 });
      const seen = new Set<string>();
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      const eachMessage = ({ topic, partition, message }: EachMessage): Promise<void> => {
        seen.add(`${topic}/${partition}/${message.offset}`);
        return Promise.resolve();
      };
      const reached = new Map<string, number>();
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
        reached.set(`${topic}/${partition}`, Number(lastOffset) + 1);
      });
      await consumer.run({ autoCommit: false, eachMessage });
      return {
        count: () => seen.size,
        reached: (topic, partition) => reached.get(`${topic}/${partition}`) ?? 0,
        close: () => consumer.disconnect(),
      };
    },
    async committed(groupId, topic) {
      // A group that nobody has asked for yet may have to be loaded first.
      const ask = () => admin.fetchOffsets({ groupId, topics: [topic] });
      const [offsets] = await waitUntil('the group to be loaded', () =>
        ask().catch((thrown: unknown) => {
          if ((thrown as { readonly retriable?: boolean }).retriable === true) return undefined;
          throw thrown;
        }),
      );
      const present = (offsets?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
      return new Map(present.map(({ partition, offset }) => [partition, Number(offset)]));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readUntil(
  kafka: Kafka,
  topic: string,
  enough: IsEnough,
  { timeoutMs, uncommitted = false }: { readonly timeoutMs: number; readonly uncommitted?: boolean },
): Promise<ReadMessage[]> {
  const groupId = `reader-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50, readUncommitted: uncommitted });
  const messages: ReadMessage[] = [];
  // A reader that was thrown out, as on a machine that is too busy, begins anew: what it has read already is not there twice.
  const seen = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = () => reject(new Error(`after ${timeoutMs} ms topic ${topic} held only ${describe(messages)}`));
      const timer = setTimeout(fail, timeoutMs);
      const eachMessage = ({ partition, message }: { partition: number; message: KafkaMessage }): Promise<void> => {
        const place = `${partition}/${message.offset}`;
        if (seen.has(place)) return Promise.resolve();
        seen.add(place);
        messages.push(fromMessage(partition, message));
        if (enough(messages)) {
          clearTimeout(timer);
          resolve();
        }
        return Promise.resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

function fromMessage(partition: number, { offset, key, value, headers }: KafkaMessage): ReadMessage {
  const texts = Object.entries(headers ?? {}).map(([name, header]) => [
    name,
    String(Array.isArray(header) ? header.at(-1) : header),
  ]);
  return {
    partition,
    offset: Number(offset),
    key,
    value,
    headers: Object.fromEntries(texts) as Record<string, string>,
  };
}

function describe(messages: readonly ReadMessage[]): string {
  const last = messages
    .slice(-5)
    .map(({ partition, offset, value }) => `${partition}/${offset} ${value?.toString().slice(0, 100) ?? 'null'}`);
  return `${messages.length} messages; the last: ${last.join('; ')}`;
}
