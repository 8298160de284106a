import { describe, expect, it } from '@jest/globals';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { spawnScoring } from '../../support/kafka-scoring-child.ts';
import { waitUntil } from '../../support/wait-until.ts';

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
  });
}
