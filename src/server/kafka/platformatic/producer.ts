import type { AristarchError } from '../../../base/errors.ts';
import type { KafkaClientConfig, OutboundMessage, ProducerSession } from '../port.ts';
import { partitionOf } from '../partitioner.ts';
import { createPartitionWriter, type Identity, PRODUCE } from './produce.ts';
import { openWire, patiently, type Wire } from './wire.ts';

type ToError = (thrown: unknown) => AristarchError;

export const REQUEST_TIMEOUT_MS = 15_000;
const ALL_REPLICAS = -1;
/** How long the broker waits for the end of a transaction whose producer has died and has no heir. */
export const TRANSACTION_TIMEOUT_MS = 30_000;
/** "None yet": with others the broker would take us for somebody that it has forgotten. */
export const NO_PRODUCER = [-1n, -1] as const;
/** Numbers of messages begin again behind the largest of 32 bits. */
const SEQUENCES = 2 ** 31;

export async function openProducerSession(config: KafkaClientConfig, fault: ToError): Promise<ProducerSession> {
  const wire = openWire(config, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const guard = guardBy(fault);
  try {
    const identity = await guard(() =>
      patiently(() => wire.ask('InitProducerId', undefined, null, TRANSACTION_TIMEOUT_MS, ...NO_PRODUCER)),
    );
    const write = createWriter(wire, config, identity);
    return {
      send: (topic, messages) => guard(async () => write(await route(wire, topic, messages))),
      close: () => wire.close(),
    };
  } catch (thrown) {
    await wire.close().catch(() => undefined);
    throw thrown;
  }
}

interface Routed {
  readonly topic: string;
  readonly byPartition: ReadonlyMap<number, readonly OutboundMessage[]>;
}

export async function route(wire: Wire, topic: string, messages: readonly OutboundMessage[]): Promise<Routed> {
  const { topics } = await patiently(() => wire.metadata([topic]));
  const { partitionsCount } = topics.get(topic)!;
  const byPartition = new Map<number, OutboundMessage[]>();
  for (const message of messages) {
    const partition = partitionOf(message, partitionsCount);
    const own = byPartition.get(partition);
    if (own === undefined) byPartition.set(partition, [message]);
    else own.push(message);
  }
  return { topic, byPartition };
}

/** Numbers the messages of a session, so that the broker drops those that come again; one call at a time. */
export function createWriter(wire: Wire, config: Pick<KafkaClientConfig, 'compression'>, identity: Identity) {
  const sequences = new Map<string, number>();
  const toBatch = createPartitionWriter(config.compression, identity);
  /** Writes what belongs to one leader, and tells the partitions. */
  async function writeSome(topic: string, left: ReadonlyMap<number, NumberedBatch>): Promise<readonly number[]> {
    const { topics, brokers } = await wire.metadata([topic]);
    const leaderOf = (partition: number): number => topics.get(topic)!.partitions[partition]!.leader;
    const [first] = left.keys();
    const leader = leaderOf(first!);
    const partitions = [...left.keys()].filter((partition) => leaderOf(partition) === leader);
    const batches = partitions.map((partition) => ({ partition, batch: left.get(partition)!.batch }));
    const { transactionalId = null } = identity;
    const broker = brokers.get(leader);
    try {
      await wire.askBy(PRODUCE, broker, transactionalId, ALL_REPLICAS, REQUEST_TIMEOUT_MS, topic, batches);
    } catch (thrown) {
      await wire.metadata([topic], true).catch(() => undefined);
      throw thrown;
    }
    return partitions;
  }
  return async function write({ topic, byPartition }: Routed): Promise<void> {
    const left = new Map<number, NumberedBatch>();
    for (const [partition, messages] of byPartition) {
      const first = sequences.get(`${topic}:${partition}`) ?? 0;
      left.set(partition, { batch: toBatch(messages, first), next: (first + messages.length) % SEQUENCES });
    }
    while (left.size > 0) {
      // A leader that has moved is found anew; the numbers stay, so nothing is written twice.
      for (const partition of await patiently(() => writeSome(topic, left))) {
        sequences.set(`${topic}:${partition}`, left.get(partition)!.next);
        left.delete(partition);
      }
    }
  };
}

interface NumberedBatch {
  readonly batch: Buffer;
  /** The number of the message behind it. */
  readonly next: number;
}

export function guardBy(fault: ToError) {
  return async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw fault(thrown);
    }
  };
}
