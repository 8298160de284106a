import {
  ConfigResourceTypes,
  incrementalAlterConfigsV1,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import type { KafkaClientConfig } from '../../src/server/kafka/port.ts';
import { addPartitionsToTxnV3 } from '../../src/server/kafka/platformatic/engine.ts';
import {
  createWriter,
  NO_PRODUCER,
  route,
  TRANSACTION_TIMEOUT_MS,
} from '../../src/server/kafka/platformatic/producer.ts';
import { protocolErrorsOf } from '../../src/server/kafka/platformatic/faults.ts';
import { openWire, type Wire } from '../../src/server/kafka/platformatic/wire.ts';
import type { KafkaLab } from './kafka-lab.ts';
import type { Topics } from './kafka-scoring.ts';
import { waitUntil } from './wait-until.ts';

/** What a test's results are marked with when an earlier owner of the partition has written them. */
export const GHOST = 'ghost';

export interface Ghost {
  /** Results of the first events, in a transaction whose end stands everywhere. */
  readonly whole: number;
  /** Results of the next ones, and their offset, in one that has no end in any partition. */
  readonly hanging: number;
  /** Whether it has an end in the group's offsets at least: then its events do not come again. */
  readonly moves?: boolean;
}

/**
 * Leaves a partition as a broker does that has lost the ends of a transaction: for its coordinator it is over, for the partitions it is not.
 * Brokers that look whether a partition was added to a transaction refuse that (KIP-890), so that they are told not to look.
 */
export async function leaveGhost(
  lab: KafkaLab,
  topics: Topics,
  { whole, hanging, moves = false }: Ghost,
): Promise<void> {
  const { topicIn, topicOut, groupId } = topics;
  const id = `${groupId}-${topicIn}-0`;
  const config: KafkaClientConfig = {
    ...{ client: 'platformatic', brokers: [lab.broker.address], clientId: GHOST, groupId, topicIn },
    ...{ startAt: 'earliest', concurrency: 1, sessionTimeoutMs: 10_000, compression: 'none' },
  };
  const wire = openWire(config, { requestTimeoutMs: 10_000 });
  const ask = <T>(work: (broker: Parameters<Parameters<typeof wire.atCoordinator<T>>[2]>[0]) => Promise<T>) =>
    wire.atCoordinator('transaction', id, work);
  try {
    await verifyPartitions(wire, false);
    const { producerId, producerEpoch } = await ask((broker) =>
      wire.ask('InitProducerId', broker, id, TRANSACTION_TIMEOUT_MS, ...NO_PRODUCER),
    );
    const write = createWriter(wire, config, { transactionalId: id, producerId, producerEpoch });
    const work = async (from: number, to: number): Promise<void> => {
      const messages = Array.from({ length: to - from }, (_, i) => ({
        ...{ key: null, headers: {}, keylessPartition: 0 },
        value: Buffer.from(JSON.stringify({ score: from + i, by: GHOST })),
      }));
      await allowed(async () => write(await route(wire, topicOut, messages)));
      const done = { partitionIndex: 0, committedOffset: BigInt(to), committedLeaderEpoch: -1 };
      await allowed(() =>
        wire.atCoordinator('group', groupId, (broker) =>
          wire.ask('TxnOffsetCommit', broker, id, groupId, producerId, producerEpoch, -1, '', null, [
            { name: topicIn, partitions: [done] },
          ]),
        ),
      );
    };
    const addOffsets = () =>
      ask((broker) => wire.ask('AddOffsetsToTxn', broker, id, producerId, producerEpoch, groupId));
    const commit = () => ask((broker) => wire.ask('EndTxn', broker, id, producerId, producerEpoch, true));
    if (whole > 0) {
      const added = [{ name: topicOut, partitions: [0] }];
      const request = { transactionalId: id, producerId, producerEpoch, topics: added, verifyOnly: false };
      await ask((broker) => wire.askBy(addPartitionsToTxnV3.api, broker, [request]));
      await addOffsets();
      await work(0, whole);
      await commit();
    }
    if (moves) await addOffsets();
    await work(whole, whole + hanging);
    if (moves) await commit();
  } finally {
    await verifyPartitions(wire, true);
    await wire.close();
  }
}

/** What is set on the broker is heard of a moment later. */
async function allowed(work: () => Promise<unknown>): Promise<void> {
  await waitUntil('the broker to look no more', () =>
    work().then(
      () => true,
      (thrown: unknown) => {
        if (protocolErrorsOf(thrown).includes('INVALID_TXN_STATE')) return false;
        throw thrown;
      },
    ),
  );
}

/** Sets this one thing on the broker, or lets it be as it was; all else that is set there stays. */
async function verifyPartitions(wire: Wire, verify: boolean): Promise<void> {
  const name = 'transaction.partition.verification.enable';
  const { DELETE, SET } = IncrementalAlterConfigOperationTypes;
  const config = verify ? { name, configOperation: DELETE } : { name, configOperation: SET, value: 'false' };
  const broker = { resourceType: ConfigResourceTypes.BROKER, resourceName: '1', configs: [config] };
  await wire.askBy(incrementalAlterConfigsV1.api, undefined, [broker], false);
}
