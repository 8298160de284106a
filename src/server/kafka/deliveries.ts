import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type {
  KafkaClient,
  KafkaConfig,
  OutboundMessage,
  PartitionBatch,
  ProducerPort,
  TransactionalLane,
  TransactionalSession,
} from './port.ts';
import { createReliableProducer } from './reliable-producer.ts';
import { halve, REQUEST_BYTES, toRequests } from './requests.ts';

/** The way out of a batch: what is made of its messages, and the word that they are done. */
export interface Delivery {
  /** Messages before this offset are done already, whoever did them. */
  readonly from: bigint;
  /** As `ProducerPort.send`: answers those that are refused for their size. */
  send(topic: string, messages: readonly OutboundMessage[]): Promise<readonly OutboundMessage[]>;
  /** As `PartitionBatch.commit`; further messages may follow. */
  commit(nextOffset: bigint): Promise<'committed' | 'lost'>;
}

export interface Deliveries {
  open(batch: PartitionBatch): Promise<Delivery>;
  /** Lets go what was kept for partitions that are no longer ours. */
  keepOnly(partitions: readonly number[]): void;
  close(): Promise<void>;
}

/** At least once: an offset is committed when everything before it is acknowledged; a crash between the two makes twins. */
export function createPlainDeliveries(producer: ProducerPort): Deliveries {
  return {
    open: (batch) =>
      Promise.resolve({
        from: 0n,
        send: (topic, messages) => producer.send(topic, messages),
        commit: (nextOffset) => batch.commit(nextOffset),
      }),
    keepOnly: () => undefined,
    close: () => producer.close(),
  };
}

export type DeliveryClient = Pick<KafkaClient, 'openProducerSession' | 'openTransactionalSession'>;

export interface Transactions {
  readonly groupId: string;
  /** All that messages may be sent to. */
  readonly topicsOut: readonly string[];
}

/** How long a session that is given up may take to tell the broker. */
const CLOSE_MS = 5_000;

/** The kind that the configuration asks for. */
export function createDeliveries(
  client: DeliveryClient,
  config: Pick<KafkaConfig, 'groupId' | 'topicOut' | 'deadLetterTopic' | 'exactlyOnce'>,
): Deliveries {
  const { groupId, topicOut, deadLetterTopic, exactlyOnce } = config;
  if (exactlyOnce) return createTransactionalDeliveries(client, { groupId, topicsOut: [topicOut, deadLetterTopic] });
  return createPlainDeliveries(createReliableProducer({ openSession: () => client.openProducerSession() }));
}

/**
 * Exactly once, for readers of committed messages: a transaction holds the results and dead letters of a slice and its
 * offset. One producer for each input partition (KIP-98), whose id is the partition's: opening it shuts out whoever worked
 * on the partition before, and then reads the committed offset. From there on nobody else can move it without shutting
 * us out, so what is before it is done for good, and what is not is ours: whatever the consumer fetched, and whoever else
 * believes to own the partition.
 */
export function createTransactionalDeliveries(
  client: Pick<KafkaClient, 'openTransactionalSession'>,
  { groupId, topicsOut }: Transactions,
  maxRequestBytes = REQUEST_BYTES,
): Deliveries {
  const lanes = new Map<number, Lane>();
  return {
    open(batch) {
      const { topic, partition } = batch;
      const transactionalId = `${groupId}-${topic}-${partition}`;
      const lane = lanes.get(partition) ?? new Lane(client, { transactionalId, partition, topicsOut });
      lanes.set(partition, lane);
      return lane.open(batch, maxRequestBytes);
    },
    keepOnly(partitions) {
      for (const [partition, lane] of lanes) {
        if (partitions.includes(partition)) continue;
        lanes.delete(partition);
        void lane.drop();
      }
    },
    async close() {
      await Promise.all([...lanes.values()].map((lane) => lane.drop()));
      lanes.clear();
    },
  };
}

/**
 * One partition's transactional producer, for one delivery at a time: opening one ends the one before, whose handler may still be at work
 * where the group was joined anew meanwhile. What both sent would else be committed together, twice.
 */
class Lane {
  readonly #client: Pick<KafkaClient, 'openTransactionalSession'>;
  readonly #lane: TransactionalLane;
  #session: TransactionalSession | undefined;
  /** The group's offset, since the session is open; -1 where there is none. */
  #committed = -1n;
  /** What the open transaction holds; and whether anything is, or was, on its way into it. */
  #sent: { readonly topic: string; readonly messages: readonly OutboundMessage[] }[] = [];
  #touched = false;
  /** Counts deliveries: the last one is the lane's. */
  #deliveries = 0;

  constructor(client: Pick<KafkaClient, 'openTransactionalSession'>, lane: TransactionalLane) {
    this.#client = client;
    this.#lane = lane;
  }

  async open(batch: PartitionBatch, maxRequestBytes: number): Promise<Delivery> {
    const delivery = ++this.#deliveries;
    // A batch that failed on its way to a commit leaves a transaction behind, which must not go on with the next one.
    if (this.#touched) await this.drop();
    await this.#openSession(delivery);
    return {
      from: this.#committed,
      send: async (topic, messages) => {
        const refused: OutboundMessage[] = [];
        for (const request of toRequests(messages, maxRequestBytes))
          refused.push(...(await this.#send(delivery, topic, request)));
        return refused;
      },
      commit: (nextOffset) => this.#commit(delivery, batch, nextOffset),
    };
  }

  /** Throws where another delivery has the lane. */
  #check(delivery: number): TransactionalSession {
    if (this.#session === undefined || delivery !== this.#deliveries) throw movedOn(this.#lane);
    return this.#session;
  }

  async drop(): Promise<void> {
    const dropped = this.#session;
    this.#session = undefined;
    this.#sent = [];
    this.#touched = false;
    // On a connection that is dead it may take as long as a request; the next session shuts this one out by itself.
    const closing = dropped?.close().catch(() => undefined);
    if (closing !== undefined) await Promise.race([closing, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  async #openSession(delivery: number): Promise<void> {
    if (this.#session !== undefined) return;
    const session = await this.#client.openTransactionalSession(this.#lane);
    if (delivery !== this.#deliveries) {
      // Another delivery opens one of its own, which shuts this one out.
      await session.close().catch(() => undefined);
      throw movedOn(this.#lane);
    }
    [this.#session, this.#committed] = [session, session.committed ?? -1n];
  }

  async #send(
    delivery: number,
    topic: string,
    messages: readonly OutboundMessage[],
  ): Promise<readonly OutboundMessage[]> {
    const session = this.#check(delivery);
    this.#touched = true;
    try {
      await session.send(topic, messages);
    } catch (thrown) {
      const error = toAristarchError(thrown);
      this.#check(delivery);
      const before = this.#sent;
      await this.drop();
      if (error.code !== 'RESOURCE_EXHAUSTED') throw error;
      await this.#beginAgain(delivery, before);
      return halve(messages, (half) => this.#send(delivery, topic, half));
    }
    this.#check(delivery);
    this.#sent.push({ topic, messages });
    return [];
  }

  /** A transaction that a refusal has broken is ended, and what it held is sent in a new one. */
  async #beginAgain(
    delivery: number,
    sent: readonly { readonly topic: string; readonly messages: readonly OutboundMessage[] }[],
  ) {
    const expected = this.#committed;
    await this.#openSession(delivery);
    if (this.#committed !== expected) throw movedOn(this.#lane);
    for (const { topic, messages } of sent) {
      const session = this.#check(delivery);
      this.#touched = true;
      await session.send(topic, messages);
      this.#sent.push({ topic, messages });
    }
  }

  async #commit(delivery: number, batch: PartitionBatch, nextOffset: bigint): Promise<'committed' | 'lost'> {
    if (!batch.isOurs()) {
      if (delivery === this.#deliveries) await this.drop();
      return 'lost';
    }
    const { topic, partition } = batch;
    const session = this.#check(delivery);
    this.#touched = true;
    try {
      await session.commit({ topic, partition, nextOffset });
    } catch (thrown) {
      if (delivery === this.#deliveries) await this.drop();
      throw thrown;
    }
    // Whoever has the lane since has read the offset himself.
    if (delivery !== this.#deliveries) return 'lost';
    this.#sent = [];
    this.#touched = false;
    this.#committed = nextOffset;
    batch.advance(nextOffset);
    return 'committed';
  }
}

function movedOn({ transactionalId }: TransactionalLane): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    `the partition of transactional id "${transactionalId}" was worked on by another member meanwhile; its events are looked at anew`,
    { transactionalId },
  );
}
