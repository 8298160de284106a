import { describe, expect, it } from '@jest/globals';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

export function shutdown(lab: KafkaLab): void {
  describe('shutdown', () => {
    it('finishes and commits the batch at work, leaves the group, and the next one goes on without twins', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(30));
      const gate = createGate();
      const scoring = await lab.startScoring(topics, { before: gate.pass });
      await gate.reached;
      const stopped = scoring.stop();
      expect(scoring.readiness()).toEqual({ ready: false, reason: 'scoring from Kafka is stopping' });
      await lab.client.produce(topics.topicIn, numberEvents(10, 30));
      gate.open();
      await stopped;
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, 30]]));
      const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
      expect(groups.map(({ state }) => state)).toEqual(['Empty']);
      expect(scoring.fatal).toEqual([]);

      await lab.startScoring(topics);
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(40)));
      expect(results.map(({ score }) => score)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    });
  });
}
