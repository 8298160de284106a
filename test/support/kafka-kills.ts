import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLab } from './kafka-lab.ts';
import type { Topics } from './kafka-scoring.ts';
import { type ScoringChild, spawnScoring } from './kafka-scoring-child.ts';
import { waitUntil } from './wait-until.ts';

export interface Kills {
  readonly kills: number;
  readonly exactlyOnce: boolean;
  /** Events in the topic, to be done in the end. */
  readonly events: number;
}

/**
 * Kills the scoring process again and again in the middle of its work: every other time when a batch's results are written and
 * its offset is not committed yet, else at any moment, so and so many milliseconds after it took a batch up. Then lets one
 * go on until every event's offset is committed.
 */
export async function killAgainAndAgain(lab: KafkaLab, topics: Topics, options: Kills): Promise<void> {
  const { kills, exactlyOnce, events } = options;
  const orders = {
    client: lab.clientName,
    broker: lab.broker.address,
    topics,
    exactlyOnce,
    maxBatchEvents: 20,
    scoreMs: 5,
    held: true,
  };
  const spawn = (kill: number): ScoringChild => {
    const child = spawnScoring({ ...orders, commits: isBeforeCommit(kill) ? 1 : 1_000, sessionTimeoutMs: 1_000 });
    lab.onClose(() => child.kill());
    return child;
  };
  // The next one loads its code while the one before it works.
  let next = spawn(0);
  for (let kill = 0; kill < kills; kill += 1) {
    const child = next;
    child.go();
    if (kill + 1 < kills) next = spawn(kill + 1);
    await child.logged(isBeforeCommit(kill) ? 'commit hangs' : 'scoring ');
    if (!isBeforeCommit(kill)) await sleep(7 * kill);
    await child.kill();
  }
  const scoring = await lab.startScoring(topics, { config: { exactlyOnce } });
  const committed = async () => sum((await lab.client.committed(topics.groupId, topics.topicIn)).values());
  await waitUntil('all to be committed', async () => (await committed()) === events, 30_000);
  await scoring.stop();
}

const isBeforeCommit = (kill: number): boolean => kill % 2 === 0;

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
