import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { spawnScoring } from '../../support/kafka-scoring-child.ts';
import { waitUntil } from '../../support/wait-until.ts';

const EVENTS = 900;
const PARTITIONS = 6;

export function consumerGroup(lab: KafkaLab): void {
  describe('a group of three processes on six partitions', () => {
    it('shares them, and takes those of a member over that is killed: nothing is lost', async () => {
      const topics = await lab.createTopics({ partitions: PARTITIONS });
      const members = Array.from({ length: 3 }, () => {
        const member = spawnScoring({
          ...{
            client: lab.clientName,
            broker: lab.broker.address,
            topics,
            maxBatchEvents: 10,
            scoreMs: 5,
          },
        });
        lab.onClose(() => member.kill());
        return member;
      });
      await waitUntil(
        'each member to have two partitions',
        async () => {
          const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
          return groups[0]?.state === 'Stable' && groups[0].members.length === 3;
        },
        60_000,
      );
      await lab.client.produce(topics.topicIn, spread(numberEvents(EVENTS)));
      await Promise.all(members.map((member) => member.logged('scoring ')));
      await members[0]!.kill();
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(EVENTS), 60_000));
      expect(new Set(results.map(({ score }) => score)).size).toBe(EVENTS);
      expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(EVENTS);
      const committed = async () => [...(await lab.client.committed(topics.groupId, topics.topicIn)).values()];
      await waitUntil('all to be committed', async () => {
        const offsets = await committed();
        return offsets.length === PARTITIONS && offsets.reduce((sum, offset) => sum + offset, 0) === EVENTS;
      });
    }, 180_000);
  });
}

/** In turn to all partitions. */
function spread<M extends object>(messages: readonly M[]): (M & { partition: number })[] {
  return messages.map((message, i) => ({ ...message, partition: i % PARTITIONS }));
}
