import type { KafkaClientConfig } from '../../src/server/kafka/port.ts';
import { ConfigResourceTypes } from '../../src/server/kafka/kafkajs/engine.ts';
import { addPartitionsToTxnV3 } from '../../src/server/kafka/platformatic/engine.ts';
import {
  createWriter,
  NO_PRODUCER,
  route,
  TRANSACTION_TIMEOUT_MS,
} from '../../src/server/kafka/platformatic/producer.ts';
import { protocolErrorsOf } from '../../src/server/kafka/platformatic/faults.ts';
import { openWire } from '../../src/server/kafka/platformatic/wire.ts';
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
}

/**
 * Leaves a partition as a broker does that has lost the ends of a transaction: for its coordinator it is over, for the partitions it is not.
 * Brokers that look whether a partition was added to a transaction refuse that (KIP-890), so that they are told not to look.
 */
export async function leaveGhost(lab: KafkaLab, topics: Topics, { whole, hanging }: Ghost): Promise<void> {
  await verifyPartitions(lab, false);
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
    if (whole > 0) {
      const added = [{ name: topicOut, partitions: [0] }];
      const request = { transactionalId: id, producerId, producerEpoch, topics: added, verifyOnly: false };
      await ask((broker) => wire.askBy(addPartitionsToTxnV3.api, broker, [request]));
      await ask((broker) => wire.ask('AddOffsetsToTxn', broker, id, producerId, producerEpoch, groupId));
      await work(0, whole);
      await ask((broker) => wire.ask('EndTxn', broker, id, producerId, producerEpoch, true));
    }
    await work(whole, whole + hanging);
  } finally {
    await verifyPartitions(lab, true);
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

async function verifyPartitions(lab: KafkaLab, verify: boolean): Promise<void> {
  const configEntries = [{ name: 'transaction.partition.verification.enable', value: String(verify) }];
  await lab.client.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.BROKER, name: '1', configEntries }],
  });
}
