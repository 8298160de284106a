import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { spawnScoring } from '../../support/kafka-scoring-child.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Events that come between one member and the next. */
const LOAD = 300;

export function rebalance(lab: KafkaLab): void {
  describe('rebalance', () => {
    it('a batch at work is finished and committed before its partition may move: no twins', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      await lab.client.produce(topics.topicIn, numberEvents(50));
      const gate = createGate();
      await lab.startScoring(topics, { before: gate.pass });
      await gate.reached;
      const joining = lab.startScoring(topics);
      await waitUntil('the group to rebalance', async () => {
        const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
        return groups[0]?.state === 'PreparingRebalance';
      });
      gate.open();
      await joining;
      await lab.client.produce(topics.topicIn, numberEvents(50, 50));
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(100)));
      expect(results.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 100 }, (_, i) => i),
      );
    });

    it.each([false, true])(
      'a member that was frozen and thrown out commits nothing of what it lost (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics();
        await lab.client.produce(topics.topicIn, numberEvents(10));
        const orders = {
          client: lab.clientName,
          broker: lab.broker.address,
          topics,
          maxBatchEvents: 10,
          scoreMs: 500,
          commits: 99,
          exactlyOnce,
        };
        const frozen = spawnScoring(orders);
        lab.onClose(() => frozen.kill());
        await frozen.logged('scoring 10 rows');
        frozen.signal('SIGSTOP');
        await lab.client.produce(topics.topicIn, numberEvents(10, 10));
        const heir = await lab.startScoring(topics, { config: { exactlyOnce } });
        const committed = async () => (await lab.client.committed(topics.groupId, topics.topicIn)).get(0);
        await waitUntil('the heir to have committed all', async () => (await committed()) === 20);
        await heir.stop();
        frozen.signal('SIGCONT');
        await frozen.logged(exactlyOnce ? 'Kafka partition ' : 'the partition moved to another member');
        expect(await committed()).toBe(20);
        const results = toResults(await lab.client.readAll(topics.topicOut));
        expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(20);
        expect(results.length).toBe(exactlyOnce ? 20 : 30);
      },
    );

    it.each([false, true])(
      'members join and leave under load: all have their results, and with exactly once a single one (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics({ partitions: 6 });
        const members: Awaited<ReturnType<KafkaLab['startScoring']>>[] = [];
        const join = async () => {
          const config = { exactlyOnce, maxBatchEvents: 20 };
          members.push(await lab.startScoring(topics, { config, before: () => sleep(5) }));
        };
        const leave = async () => members.shift()?.stop();
        const steps = [join, join, join, leave, join, leave, join, join, leave, leave];
        for (const [at, step] of steps.entries()) {
          await lab.client.produce(topics.topicIn, numberEvents(LOAD, at * LOAD));
          await step();
        }
        const events = steps.length * LOAD;
        const committed = async () => sum((await lab.client.committed(topics.groupId, topics.topicIn)).values());
        await waitUntil('all to be committed', async () => (await committed()) === events, 60_000);
        expect(members.flatMap(({ fatal }) => fatal)).toEqual([]);
        for (const member of members) await member.stop();
        const scores = toResults(await lab.client.readAll(topics.topicOut)).map(({ score }) => score);
        const counted = exactlyOnce ? scores : [...new Set(scores)];
        expect(counted.toSorted((a, b) => a - b)).toEqual(Array.from({ length: events }, (_, i) => i));
      },
      180_000,
    );
  });
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
