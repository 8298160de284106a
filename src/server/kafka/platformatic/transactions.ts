import { kept } from '../../../base/kept.ts';
import { loadCodecs } from '../compression.ts';
import type { KafkaClientConfig, OutboundMessage, TransactionalLane, TransactionalSession } from '../port.ts';
import { registerCodecs } from './codecs.ts';
import { addPartitionsToTxnV3, type Broker } from './engine.ts';
import { isUnsettled, toKafkaError } from './faults.ts';
import { readCommitted } from './offsets.ts';
import { createWriter, guardBy, NO_PRODUCER, REQUEST_TIMEOUT_MS, route, TRANSACTION_TIMEOUT_MS } from './producer.ts';
import { type IdState, type Outcome, readIdState } from './outcome.ts';
import { openWire, patiently, type Wire } from './wire.ts';

/** Once, with whichever client. */
const provideCodecs = kept(async () => registerCodecs(await loadCodecs()));

/** What was known of ids when this process set out to open them, until that has settled: the broker forgets an end when its id is opened. */
const unsettled = new Map<string, IdState>();

/**
 * The steps of KIP-98, and one more: the ends that an earlier session's transaction should have in each partition are written again
 * before the offset is read, since a broker without a leader at hand leaves them out
 * (docs/decisions/0037-ends-of-transactions-are-written-again.md).
 */
export async function openTransactionalSession(
  config: KafkaClientConfig,
  lane: TransactionalLane,
): Promise<TransactionalSession> {
  const guard = guardBy((thrown) => toKafkaError(thrown, config.brokers));
  await guard(provideCodecs);
  const wire = openWire(config, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  try {
    const { transaction, committed } = await guard(() => openLane(wire, config, lane));
    return {
      committed,
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

/** Over a wire that is open. Answers the group's settled offset with it. */
export async function openLane(
  wire: Wire,
  config: Pick<KafkaClientConfig, 'groupId' | 'topicIn' | 'compression'>,
  lane: TransactionalLane,
) {
  const { transactionalId, partition, topicsOut } = lane;
  const outcome = await findOutcome(wire, transactionalId);
  const transaction = await createTransaction(wire, config, transactionalId);
  if (outcome !== undefined) await transaction.endAgain(topicsOut, outcome);
  const read = async () => (await readCommitted(wire, config, [partition], { settled: true })).get(partition);
  let committed: bigint | undefined;
  try {
    committed = await read();
  } catch (thrown) {
    if (!isUnsettled(thrown)) throw thrown;
    // The end was lost again; or whoever opened the id before us died before it wrote the end. Taken back, the offset and what was
    // sent stay together.
    await transaction.endAgain(topicsOut, outcome ?? 'aborted');
    committed = await read();
  }
  unsettled.delete(transactionalId);
  return { transaction, committed };
}

/** How the last transaction ended; where it is only this process that remembers, as long as nobody else has opened the id since. */
async function findOutcome(wire: Wire, transactionalId: string): Promise<Outcome | undefined> {
  const state = await readIdState(wire, transactionalId);
  if (state === undefined) return undefined;
  const own = unsettled.get(transactionalId);
  // Ours may have been the one opening since, also where its answer was lost.
  const isOurs = own?.producerId === state.producerId && state.producerEpoch - own.producerEpoch <= 1;
  const outcome = state.outcome ?? (isOurs ? own.outcome : undefined);
  unsettled.set(transactionalId, { ...state, outcome });
  return outcome;
}

/** Asking for the id's epoch, at once, ends what an earlier session left open and shuts it out. */
async function createTransaction(wire: Wire, config: Pick<KafkaClientConfig, 'groupId' | 'compression'>, id: string) {
  const { groupId } = config;
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
  async function addOffsets(): Promise<void> {
    begun = true;
    await atCoordinator((broker) => wire.ask('AddOffsetsToTxn', broker, id, producerId, producerEpoch, groupId));
  }
  async function end(outcome: Outcome): Promise<void> {
    const isCommit = outcome === 'committed';
    await atCoordinator((broker) => wire.ask('EndTxn', broker, id, producerId, producerEpoch, isCommit));
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
      await addOffsets();
      const done = { partitionIndex: partition, committedOffset: nextOffset, committedLeaderEpoch: -1 };
      const topics = [{ name: topic, partitions: [done] }];
      await wire.atCoordinator('group', groupId, (broker) =>
        // No generation: the producer's epoch is what shuts out others (docs/decisions/0013-exactly-once-by-partition.md).
        wire.ask('TxnOffsetCommit', broker, id, groupId, producerId, producerEpoch, -1, '', null, topics),
      );
      await end('committed');
    },
    abort: async () => (begun ? end('aborted') : undefined),
    /** A transaction of nothing: its end stands in each partition that an earlier one may have written to, and in the group's offsets. */
    async endAgain(topicsOut: readonly string[], outcome: Outcome): Promise<void> {
      const { topics } = await patiently(() => wire.metadata(topicsOut));
      for (const topic of topicsOut) await add(topic, [...topics.get(topic)!.partitions.keys()]);
      await addOffsets();
      await end(outcome);
    },
  };
}
