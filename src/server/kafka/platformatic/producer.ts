import type { AristarchError } from '../../../base/errors.ts';
import type {
  KafkaClientConfig,
  MessageHeaders,
  OutboundMessage,
  ProducerSession,
  TransactionalSession,
} from '../port.ts';
import { addPartitionsToTxnV3, type Broker, type MessageRecord, NumericMap } from './engine.ts';
import { partitionOf } from './partitioner.ts';
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

interface Identity {
  readonly transactionalId?: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

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
  readonly byPartition: ReadonlyMap<number, readonly MessageRecord[]>;
}

async function route(wire: Wire, topic: string, messages: readonly OutboundMessage[]): Promise<Routed> {
  const { topics } = await patiently(() => wire.metadata([topic]));
  const { partitionsCount } = topics.get(topic)!;
  const timestamp = BigInt(Date.now());
  const byPartition = new Map<number, MessageRecord[]>();
  for (const message of messages) {
    const partition = partitionOf(message, partitionsCount);
    const records = byPartition.get(partition) ?? [];
    byPartition.set(partition, records);
    records.push({ ...toRecord(message), topic, partition, timestamp });
  }
  return { topic, byPartition };
}

/** The client's types leave out that key and value may be null. */
function toRecord({ key, value, headers }: OutboundMessage): Pick<MessageRecord, 'key' | 'value' | 'headers'> {
  return { key, value, headers: toHeaders(headers) } as Pick<MessageRecord, 'key' | 'value' | 'headers'>;
}

/** Names are bytes of their own each, so that one may come more than once. */
function toHeaders(headers: MessageHeaders): Map<Buffer, Buffer> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => [Buffer.from(name), Buffer.from(each)] as const),
  );
  return new Map(pairs);
}

/** Numbers the messages of a session, so that the broker drops those that come again; one call at a time. */
function createWriter(wire: Wire, config: KafkaClientConfig, identity: Identity) {
  const sequences = new NumericMap();
  const options = { ...identity, compression: config.compression, sequences };
  /** Writes what belongs to one leader, and tells the partitions. */
  async function writeSome({ topic }: Routed, left: Routed['byPartition']): Promise<readonly number[]> {
    const { topics, brokers } = await wire.metadata([topic]);
    const leaderOf = (partition: number): number => topics.get(topic)!.partitions[partition]!.leader;
    const [first] = left.keys();
    const leader = leaderOf(first!);
    const partitions = [...left.keys()].filter((partition) => leaderOf(partition) === leader);
    const records = partitions.flatMap((partition) => left.get(partition)!);
    try {
      await wire.ask('Produce', brokers.get(leader), ALL_REPLICAS, REQUEST_TIMEOUT_MS, records, options);
    } catch (thrown) {
      await wire.metadata([topic], true).catch(() => undefined);
      throw thrown;
    }
    return partitions;
  }
  return async function write(routed: Routed): Promise<void> {
    const left = new Map(routed.byPartition);
    while (left.size > 0) {
      // A leader that has moved is found anew; the numbers stay, so nothing is written twice.
      for (const partition of await patiently(() => writeSome(routed, left))) {
        const name = `${routed.topic}:${partition}`;
        sequences.set(name, (sequences.getWithDefault(name, 0) + left.get(partition)!.length) % SEQUENCES);
        left.delete(partition);
      }
    }
  };
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
