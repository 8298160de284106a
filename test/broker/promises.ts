import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { createKafkaLab } from '../support/kafka-lab.ts';
import { needs } from '../support/needs.ts';
import { backPressure } from './promises/back-pressure.ts';
import { bigMessage } from './promises/big-message.ts';
import { candidate } from './promises/candidate.ts';
import { brokerRestart } from './promises/broker-restart.ts';
import { consumerGroup } from './promises/consumer-group.ts';
import { damagedLog } from './promises/damaged-log.ts';
import { deadLetter } from './promises/dead-letter.ts';
import { formats } from './promises/formats.ts';
import { lostEnds } from './promises/lost-ends.ts';
import { lag } from './promises/lag.ts';
import { noCommitPastAHole } from './promises/no-commit-past-a-hole.ts';
import { noDuplicates } from './promises/no-duplicates.ts';
import { noLoss } from './promises/no-loss.ts';
import { orderPerKey } from './promises/order-per-key.ts';
import { poison } from './promises/poison.ts';
import { rebalance } from './promises/rebalance.ts';
import { replay } from './promises/replay.ts';
import { scoresComeOut } from './promises/scores-come-out.ts';
import { shutdown } from './promises/shutdown.ts';
import { topicsMissing } from './promises/topics-missing.ts';
import { compression } from './promises/compression.ts';

/** Kafka's promises, each in a file of its name, kept by one client on one real broker, because starting one takes seconds. */
export function describePromises(client: KafkaClientName): void {
  needs('broker').describe(`scoring from Kafka with ${client}`, () => {
    const lab = createKafkaLab(client);
    const promises = [
      scoresComeOut,
      formats,
      deadLetter,
      poison,
      bigMessage,
      orderPerKey,
      lag,
      backPressure,
      topicsMissing,
      candidate,
    ];
    const faults = [
      ...[noCommitPastAHole, noLoss, noDuplicates, lostEnds, replay, rebalance, consumerGroup],
      ...[shutdown, compression, damagedLog, brokerRestart],
    ];
    for (const promise of [...promises, ...faults]) promise(lab);
  });
}
