import type { AristarchError } from '../../../base/errors.ts';
import type { KafkaClientConfig, OutboundMessage, ProducerSession, TransactionalSession } from '../port.ts';
import { addPartitionsToTxnV3, type Broker } from './engine.ts';
import { partitionOf } from '../partitioner.ts';
import { createPartitionWriter, type Identity, PRODUCE } from './produce.ts';
import { openWire, patiently, type Wire } from './wire.ts';

type ToError = (thrown: unknown) => AristarchError;

const REQUEST_TIMEOUT_MS = 15_000;
const ALL_REPLICAS = -1;
/** How long the broker waits for the end of a transaction whose producer has died and has no heir. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** "None yet": with others the broker would take us for somebody that it has forgotten. */
const NO_PRODUCER = [-1n, -1] as const;
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

export async function openTransactionalSession(
  config: KafkaClientConfig,
  transactionalId: string,
  fault: ToError,
): Promise<TransactionalSession> {
  const wire = openWire(config, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const guard = guardBy(fault);
  try {
    const transaction = await guard(() => createTransaction(wire, config, transactionalId));
    return {
      send: (topic, messages) => guard(() => transaction.send(topic, messages)),
      commit: ({ topic, partition, nextOffset }) => guard(() => transaction.commit(topic, partition, nextOffset)),
      async close() {
        // An end that is not known to the broker would hold up whoever reads committed messages, until it times out.
        await transaction.abort().catch(() => undefined);
        await wire.close();
      },
    };
  } catch (thrown) {
    await wire.close().catch(() => undefined);
    throw thrown;
  }
}

/** The steps of KIP-98. Asking for the id's epoch, at once, ends what an earlier session left open and shuts it out. */
async function createTransaction(wire: Wire, config: KafkaClientConfig, id: string) {
  const atCoordinator = <T>(work: (broker: Broker) => Promise<T>) => wire.atCoordinator('transaction', id, work);
  const { producerId, producerEpoch } = await atCoordinator((broker) =>
    wire.ask('InitProducerId', broker, id, TRANSACTION_TIMEOUT_MS, ...NO_PRODUCER),
  );
  const write = createWriter(wire, config, { transactionalId: id, producerId, producerEpoch });
  const added = new Set<string>();
  let begun = false;
  async function add(topic: string, partitions: readonly number[]): Promise<void> {
    const fresh = partitions.filter((partition) => !added.has(`${topic}:${partition}`));
    if (fresh.length === 0) return;
    const topics = [{ name: topic, partitions: fresh }];
    const request = { transactionalId: id, producerId, producerEpoch, topics, verifyOnly: false };
    begun = true;
    // Newer versions are the brokers' own, and are refused where access is guarded (KIP-890).
    await atCoordinator((broker) => wire.askBy(addPartitionsToTxnV3.api, broker, [request]));
    for (const partition of fresh) added.add(`${topic}:${partition}`);
  }
  async function end(committed: boolean): Promise<void> {
    await atCoordinator((broker) => wire.ask('EndTxn', broker, id, producerId, producerEpoch, committed));
    added.clear();
    begun = false;
  }
  return {
    async send(topic: string, messages: readonly OutboundMessage[]): Promise<void> {
      const routed = await route(wire, topic, messages);
      await add(topic, [...routed.byPartition.keys()]);
      await write(routed);
    },
    async commit(topic: string, partition: number, nextOffset: bigint): Promise<void> {
      const { groupId } = config;
      begun = true;
      await atCoordinator((broker) => wire.ask('AddOffsetsToTxn', broker, id, producerId, producerEpoch, groupId));
      const done = { partitionIndex: partition, committedOffset: nextOffset, committedLeaderEpoch: -1 };
      const topics = [{ name: topic, partitions: [done] }];
      await wire.atCoordinator('group', groupId, (broker) =>
        // No generation: the producer's epoch is what shuts out others (docs/decisions/0013-exactly-once-by-partition.md).
        wire.ask('TxnOffsetCommit', broker, id, groupId, producerId, producerEpoch, -1, '', null, topics),
      );
      await end(true);
    },
    abort: async () => (begun ? end(false) : undefined),
  };
}

interface Routed {
  readonly topic: string;
  readonly byPartition: ReadonlyMap<number, readonly OutboundMessage[]>;
}

async function route(wire: Wire, topic: string, messages: readonly OutboundMessage[]): Promise<Routed> {
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
function createWriter(wire: Wire, config: KafkaClientConfig, identity: Identity) {
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

function guardBy(fault: ToError) {
  return async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw fault(thrown);
    }
  };
}
