import type { AristarchError } from '../../base/errors.ts';
import type { Afterwards } from '../afterwards.ts';
import type { WorkSpan } from '../tracing/port.ts';
import type { Detector, Explanation, RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { CloudEventMode } from './formats/cloud-events.ts';
import type { RegistryOptions } from './formats/ask-registry.ts';
import type { EventFormat, ResultSchemaMode } from './formats/names.ts';

/**
 * What this room needs of a Kafka client, and no more, so that the client can be changed by writing one adapter. Offsets
 * are 64-bit and therefore `bigint`; bytes stay bytes.
 */

export type MessageHeaders = Record<string, Buffer | string | (Buffer | string)[] | undefined>;

export interface InboundMessage {
  readonly offset: bigint;
  readonly key: Buffer | null;
  /** Null for a tombstone. */
  readonly value: Buffer | null;
  readonly headers: MessageHeaders;
  /** Milliseconds since 1970; undefined where the producer set none. */
  readonly timestampMs: number | undefined;
}

export interface OutboundMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: MessageHeaders;
  /**
   * Where a message without a key goes (modulo the topic's partitions): its source partition, which keeps the order of
   * keyless events. Keyed messages go by the hash of their key, as Java's client does it.
   */
  readonly keylessPartition: number;
}

/** A partition of a topic. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
}

/** Messages of one partition, as fetched: offsets ascending; none where the first of them is `unreadable`. */
export interface PartitionBatch extends Source {
  readonly messages: readonly InboundMessage[];
  /** Behind the last message, and behind what follows it that readers do not see: ends of transactions, and what was taken back. */
  readonly nextOffset: bigint;
  /** Why nothing can be read from `nextOffset` on, where that is so; nothing is skipped for it. */
  readonly unreadable?: AristarchError | undefined;
  /** False once the partition was taken away: another member reads the batch again. */
  isOurs(): boolean;
  /**
   * False once the group is dealt anew, or the consumer is to stop: what was begun of the batch is finished, and no more of it is
   * begun. A fetch may hold minutes of work, for which others would wait; whoever has the partition next can do it as well.
   */
  isWanted(): boolean;
  /**
   * Says that everything before `nextOffset` is done, and lets reading go on there. 'lost' when the partition was taken
   * away meanwhile: nothing is committed, and its next owner reads the batch again. Rejects when the commit failed.
   */
  commit(nextOffset: bigint): Promise<'committed' | 'lost'>;
  /** Lets reading go on at `nextOffset` without a commit: a transaction has made it. */
  advance(nextOffset: bigint): void;
  /** Has the partition read again from an offset before the batch; the batch itself is then left undone by `redeliverAfter`. */
  goBackTo(offset: bigint): void;
  /** Leaves the batch undone: the partition rests for `delayMs`, then is read again from its last committed offset. */
  redeliverAfter(delayMs: number): void;
}

export type BatchHandler = (batch: PartitionBatch) => Promise<void>;

/** Offsets from `from` on and before `to`, of which readers see none: ends of transactions, and what was taken back. */
export interface HiddenRange {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

export type ConsumerEvent =
  | { readonly kind: 'joined'; readonly partitions: readonly number[] }
  /** As soon as it is heard of; batches at work are not finished yet. */
  | { readonly kind: 'rebalancing' }
  | ({ readonly kind: 'hidden' } & HiddenRange)
  /** `restarts` is false when the client has given up: it will never read again. */
  | { readonly kind: 'crashed'; readonly restarts: boolean; readonly error: AristarchError };

export interface ConsumerPort {
  /** Joins the group and delivers batches, one at a time for each partition. */
  run(handler: BatchHandler): Promise<void>;
  /** Fetches no more, wants no more of what was fetched, waits for the handlers at work and their commits, leaves the group, disconnects. */
  stop(): Promise<void>;
}

export interface ProducerPort {
  /**
   * Resolves when every in-sync replica has every message, except those returned: the broker refuses each of them for its
   * size. Rejects with an `AristarchError` when it is unknown whether all arrived; sending again may then duplicate some.
   */
  send(topic: string, messages: readonly OutboundMessage[]): Promise<readonly OutboundMessage[]>;
  close(): Promise<void>;
}

/** One connection of a client's producer, used by one caller at a time and thrown away after any failure. */
export interface ProducerSession {
  /** Rejects with `RESOURCE_EXHAUSTED` when the broker refuses the size, else with the fault's own code. */
  send(topic: string, messages: readonly OutboundMessage[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * A producer whose messages, and the offset of what they were made of, count together or not at all, for readers of
 * committed messages. Opening one ends what an earlier one of its id has left open, and shuts that one out for good. Any
 * rejection ends its use; whether a `commit` that was rejected counts is known when the next one of its id is open.
 */
export interface TransactionalSession extends ProducerSession {
  /** The group's offset of the lane's partition when the session was opened; undefined where it had committed nothing yet. */
  readonly committed: bigint | undefined;
  /** Ends the transaction: what was sent since the last commit, and the group's offset of the partition. */
  commit(done: Source & { readonly nextOffset: bigint }): Promise<void>;
}

/** Whose work a transactional session does. */
export interface TransactionalLane {
  /** Of one partition of the input topic alone. */
  readonly transactionalId: string;
  /** Of the input topic. */
  readonly partition: number;
  /** All that its messages may go to. */
  readonly topicsOut: readonly string[];
}

export interface PartitionOffsets {
  readonly partition: number;
  /** Oldest offset that is still kept. */
  readonly low: bigint;
  /** Offset that the next message will get. */
  readonly high: bigint;
  /** Undefined where the group has committed nothing yet. */
  readonly committed: bigint | undefined;
}

export interface KafkaClient {
  /** Those of `topics` that do not exist. One attempt; rejects with `UNAVAILABLE` when no broker answers. */
  findMissingTopics(topics: readonly string[]): Promise<string[]>;
  openProducerSession(): Promise<ProducerSession>;
  openTransactionalSession(lane: TransactionalLane): Promise<TransactionalSession>;
  openConsumer(onEvent: (event: ConsumerEvent) => void): ConsumerPort;
  /** Offsets of every partition of the input topic. */
  readOffsets(): Promise<PartitionOffsets[]>;
  close(): Promise<void>;
}

/** What scoring must offer to this transport: the models that judge records, and their scores. */
export interface RecordScoring {
  /**
   * Which model judges which of the records, one model after the other: each stays open until `release`, which is called before the
   * next is asked for. Throws where a model cannot be had at present; records that no model can ever judge are refused one by one.
   * `keyOf`: what a record bears for good, by its place.
   */
  route(records: readonly RawRecord[], keyOf: (place: number) => string): AsyncIterable<RoutedRecords>;
  /** The one model of all records, open until `release`; undefined where records must be looked at to tell. */
  acquireForAll(): Promise<{ readonly scorer: ScoreRecords; readonly release: () => void } | undefined>;
}
export interface RoutedPart {
  readonly scorer: ScoreRecords;
  /** Of its records, among those that were asked for, ascending. */
  readonly places: readonly number[];
  /** Who judges the records that the scorer fails at, where that is one on trial; told of the failure. */
  readonly instead?: { readonly scorer: ScoreRecords; readonly because: (error: AristarchError) => void } | undefined;
}
export interface RoutedRecords {
  readonly parts: readonly RoutedPart[];
  readonly refused: readonly { readonly place: number; readonly reason: AristarchError }[];
  readonly release: () => void;
}

/** One model, as this transport uses it. */
export interface ScoreRecords {
  readonly model: { readonly name: string; readonly version: string };
  /** Records -> raw rows, packed. Throws when a record does not fit the schema. */
  encode(records: readonly RawRecord[]): Float32Array;
  /** The same of JSON objects, all of them plain; undefined where they are not. Absent where the model has no such way. */
  readonly encodeJson?: Detector['encodeJson'];
  /**
   * What `make` makes of the scores of raw rows, packed; `records`: those that they were made of. The rows count as scored once it is
   * made, or as `records.afterwards` says: where that fails, they are scored again.
   */
  score<T>(
    rows: Float32Array,
    records: RowRecords,
    make: (scores: ScoreBatch) => Promise<T>,
    span?: WorkSpan,
  ): Promise<T>;
  /** Why records have their scores, naming at most `topK` fields of each. */
  explain(records: readonly RawRecord[], topK: number): Promise<readonly Explanation[]>;
}

/** Records behind rows, which may be made when they are wanted. */
export interface RowRecords {
  /** Those that were not scored before, ascending; undefined for all. */
  readonly newRows: readonly number[] | undefined;
  /** Is given what counts and shows the rows as scored, where they may not be yet; done at once when absent. */
  readonly afterwards?: Afterwards | undefined;
  at(row: number): RawRecord;
  all(): readonly RawRecord[];
}

export interface KafkaConfig {
  /** Which of the clients behind this port is used. */
  readonly client: KafkaClientName;
  /** host:port of some brokers; the rest are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  readonly topicIn: string;
  readonly topicOut: string;
  readonly deadLetterTopic: string;
  /** Where a group starts that has committed nothing yet. */
  readonly startAt: 'earliest' | 'latest';
  /** Events with a larger value go to the dead-letter topic unread. */
  readonly maxEventBytes: number;
  /** Most events of a partition that are scored, sent and committed together; a larger fetch is worked off in slices. */
  readonly maxBatchEvents: number;
  /** Fields named in the explanation of an anomalous event; 0 or absent for no explanations. */
  readonly explainTopK?: number;
  /** Most events of a batch that are explained, the highest scores first; absent for all that are anomalous. */
  readonly maxExplainRows?: number;
  /** Partitions whose batches are worked on at the same time. */
  readonly concurrency: number;
  /** How long the group waits for a silent member before it gives its partitions to others. */
  readonly sessionTimeoutMs: number;
  /** How long joining the group may take at the start before scoring from Kafka ends for good; undefined for as long as it takes. */
  readonly startTimeoutMs: number | undefined;
  /** Time between two readings of the consumer lag. */
  readonly lagIntervalMs: number;
  /** Rest of a partition after a fault that waiting may not cure. */
  readonly pauseMs: number;
  /** What the values of events are. */
  readonly format: EventFormat;
  /** What the values of results are. */
  readonly resultFormat: EventFormat;
  /** Whether the schema of results is registered at the start, or must be there. */
  readonly resultSchema: ResultSchemaMode;
  /** Needed by every format but JSON. */
  readonly registry?: RegistryOptions | undefined;
  /** Whether results are CloudEvents, and of which mode; events may be in any case. */
  readonly cloudEvents: CloudEventMode;
  /** How results and dead letters are compressed. */
  readonly compression: Compression;
  /** Whether results, dead letters and offsets are committed in one transaction. */
  readonly exactlyOnce: boolean;
  /** Undefined for plain text. */
  readonly tls?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
}

/** What a client must know: how to reach the brokers, and what to read and how. */
export type KafkaClientConfig = Pick<
  KafkaConfig,
  | 'client'
  | 'brokers'
  | 'clientId'
  | 'groupId'
  | 'topicIn'
  | 'startAt'
  | 'concurrency'
  | 'sessionTimeoutMs'
  | 'compression'
  | 'tls'
  | 'sasl'
>;

/** Clients that this port is written for; docs/decisions/0021-two-kafka-clients.md compares them. */
export const KAFKA_CLIENTS = ['kafkajs', 'platformatic'] as const;
export type KafkaClientName = (typeof KAFKA_CLIENTS)[number];

/** How batches on a topic are compressed; the names are Kafka's own. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** PEM texts. */
export interface KafkaTls {
  /** Of an authority that is trusted beside the well-known ones. */
  readonly authority?: string | undefined;
  /** Of this client, for brokers that ask for one; with its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';
export type KafkaSasl = {
  readonly [M in Mechanism]: { readonly mechanism: M; readonly username: string; readonly password: string };
}[Mechanism];
