import { createKafkaLab } from '../support/kafka-lab.ts';
import { needs } from '../support/needs.ts';
import { backPressure } from './promises/back-pressure.ts';
import { bigMessage } from './promises/big-message.ts';
import { candidate } from './promises/candidate.ts';
import { brokerDown } from './promises/broker-down.ts';
import { deadLetter } from './promises/dead-letter.ts';
import { formats } from './promises/formats.ts';
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

/** Kafka's promises, each in a file of its name, on one real broker, because starting one takes seconds. */
needs('broker').describe('scoring from Kafka', () => {
  const lab = createKafkaLab();
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
  const faults = [noCommitPastAHole, noLoss, noDuplicates, replay, rebalance, shutdown, compression, brokerDown];
  for (const promise of [...promises, ...faults]) promise(lab);
});
