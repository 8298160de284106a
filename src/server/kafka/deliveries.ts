import type { AristarchError } from '../../base/errors.ts';
import { Lane } from './lane.ts';
import type { KafkaClient, KafkaConfig, OutboundMessage, PartitionBatch, ProducerPort } from './port.ts';
import { prepareLanes } from './prepare-lanes.ts';
import { createReliableProducer } from './reliable-producer.ts';
import { REQUEST_BYTES } from './requests.ts';

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
  /** These partitions are ours: what was kept for others is let go, and what earlier owners of these have left is put in order. */
  own(partitions: readonly number[]): void;
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
    own: () => undefined,
    close: () => producer.close(),
  };
}

export type DeliveryClient = Pick<KafkaClient, 'openProducerSession' | 'openTransactionalSession'>;

export interface Transactions {
  readonly groupId: string;
  readonly topicIn: string;
  /** All that messages may be sent to. */
  readonly topicsOut: readonly string[];
  /** Told where a partition cannot be put in order; it is tried again after so many milliseconds. */
  readonly onFault?: ((partition: number, error: AristarchError, delayMs: number) => void) | undefined;
}

/** The kind that the configuration asks for. */
export function createDeliveries(
  client: DeliveryClient,
  config: Pick<KafkaConfig, 'groupId' | 'topicIn' | 'topicOut' | 'deadLetterTopic' | 'exactlyOnce'>,
  onFault?: Transactions['onFault'],
): Deliveries {
  const { groupId, topicIn, topicOut, deadLetterTopic, exactlyOnce } = config;
  const topicsOut = [topicOut, deadLetterTopic];
  if (exactlyOnce) return createTransactionalDeliveries(client, { groupId, topicIn, topicsOut, onFault });
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
  { groupId, topicIn, topicsOut, onFault = () => undefined }: Transactions,
  maxRequestBytes = REQUEST_BYTES,
): Deliveries {
  const lanes = new Map<number, Lane>();
  let preparing = new AbortController();
  function laneOf(partition: number): Lane {
    const transactionalId = `${groupId}-${topicIn}-${partition}`;
    const lane = lanes.get(partition) ?? new Lane(client, { transactionalId, partition, topicsOut });
    lanes.set(partition, lane);
    return lane;
  }
  return {
    open: (batch) => laneOf(batch.partition).open(batch, maxRequestBytes),
    own(partitions) {
      preparing.abort();
      preparing = new AbortController();
      for (const [partition, lane] of lanes) {
        if (partitions.includes(partition)) continue;
        lanes.delete(partition);
        void lane.end();
      }
      const owned = new Map(partitions.map((partition) => [partition, laneOf(partition)]));
      void prepareLanes(owned, onFault, preparing.signal);
    },
    async close() {
      preparing.abort();
      await Promise.all([...lanes.values()].map((lane) => lane.end()));
      lanes.clear();
    },
  };
}
