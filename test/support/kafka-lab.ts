import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, jest } from '@jest/globals';
import { type KafkaBroker, type KafkaBrokerOptions, startKafkaBroker } from './kafka-broker.ts';
import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { connectKafkaTestClient, type KafkaTestClient, type ReadMessage } from './kafka-client.ts';
import { type RunningScoring, type ScoringOptions, startNumberScoring, type Topics } from './kafka-scoring.ts';

export interface TopicsOptions {
  readonly partitions?: number;
  readonly outConfig?: Readonly<Record<string, string>>;
  readonly inConfig?: Readonly<Record<string, string>>;
}

/** One broker for the tests of a file, and what most of them do with it. What a test opens is closed after it. */
export interface KafkaLab {
  /** The client library that scoring uses. */
  readonly clientName: KafkaClientName;
  readonly broker: KafkaBroker;
  readonly client: KafkaTestClient;
  /** Fresh topics for events, results and dead letters, and the name of a fresh group. */
  createTopics(options?: TopicsOptions): Promise<Topics>;
  /** Scoring that has joined its group. */
  startScoring(topics: Topics, options?: ScoringOptions): Promise<RunningScoring>;
  /** Registers what is to be closed after this test, last opened first. */
  onClose(close: () => Promise<void>): void;
}

const TEST_TIMEOUT_MS = 180_000;

/** Call in a describe block; the parts are there when its tests run. */
export function createKafkaLab(
  clientName: KafkaClientName,
  options: KafkaBrokerOptions | (() => Promise<KafkaBrokerOptions>) = {},
): KafkaLab {
  // What a test waits for tells by itself that it does not come, after a minute at most unless it says otherwise.
  jest.setTimeout(TEST_TIMEOUT_MS);
  let parts: { broker: KafkaBroker; client: KafkaTestClient } | undefined;
  let closes: (() => Promise<void>)[] = [];
  const open = () => {
    if (parts === undefined) throw new Error('the lab is open while tests run, not while they are declared');
    return parts;
  };
  beforeAll(async () => {
    const broker = await startKafkaBroker(typeof options === 'function' ? await options() : options);
    parts = { broker, client: await connectKafkaTestClient(broker.address) };
  }, 180_000);
  afterEach(async () => {
    const due = closes.reverse();
    closes = [];
    for (const close of due) await close();
    // A member that leaves a group on a busy machine waits for the batch at its model, and others for it.
  }, 180_000);
  afterAll(async () => {
    await parts?.client.close();
    await parts?.broker.close();
  });
  return {
    clientName,
    get broker() {
      return open().broker;
    },
    get client() {
      return open().client;
    },
    createTopics: (options = {}) => createTopics(open().client, options),
    async startScoring(topics, options = {}) {
      const config = { client: clientName, ...options.config };
      const scoring = startNumberScoring([open().broker.address], topics, { ...options, config });
      closes.push(() => scoring.stop());
      await scoring.started;
      return scoring;
    },
    onClose: (close) => void closes.push(close),
  };
}

async function createTopics(
  client: KafkaTestClient,
  { partitions = 1, inConfig, outConfig }: TopicsOptions,
): Promise<Topics> {
  const id = randomUUID().slice(0, 8);
  const topics = {
    topicIn: `events-${id}`,
    topicOut: `scores-${id}`,
    deadLetterTopic: `dead-${id}`,
    groupId: `group-${id}`,
  };
  await client.createTopic(topics.topicIn, partitions, inConfig);
  await client.createTopic(topics.topicOut, partitions, outConfig);
  await client.createTopic(topics.deadLetterTopic);
  return topics;
}

export interface Result {
  readonly resultId: string;
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
}

export function toResults(messages: readonly ReadMessage[]): Result[] {
  return messages.map(({ value }) => JSON.parse(value?.toString() ?? 'null') as Result);
}

/** Events { x: from }, { x: from + 1 }, ... */
export function numberEvents(count: number, from = 0): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `key-${(from + i) % 7}`,
    value: JSON.stringify({ x: from + i }),
  }));
}

/** Whether messages hold a result for each of x = 0 ... count - 1. */
export function hasScores(count: number): (messages: readonly ReadMessage[]) => boolean {
  return (messages) => messages.length >= count && new Set(toResults(messages).map(({ score }) => score)).size >= count;
}

/** A door that is shut until it is opened, for scorers that are to be caught at work. */
export function createGate(): {
  readonly reached: Promise<void>;
  readonly pass: () => Promise<void>;
  readonly open: () => void;
} {
  let open!: () => void;
  let reach!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const pass = (): Promise<void> => {
    reach();
    return opened;
  };
  return { reached, pass, open };
}
