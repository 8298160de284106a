import { describe, expect, it } from '@jest/globals';
import type { KafkaLab } from '../../support/kafka-lab.ts';
import { startNumberScoring } from '../../support/kafka-scoring.ts';

export function topicsMissing(lab: KafkaLab): void {
  describe('topics missing', () => {
    it('are named, with the command that makes them', async () => {
      const { topicIn, groupId } = await lab.createTopics();
      const topics = { topicIn, topicOut: 'nowhere', deadLetterTopic: 'neither', groupId };
      const scoring = startNumberScoring([lab.broker.address], topics, { config: { client: lab.clientName } });
      lab.onClose(() => scoring.stop());
      await expect(scoring.started).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message:
          'Kafka has no topic "nowhere", "neither" that this user may see; create them first: ' +
          `kafka-topics.sh --bootstrap-server ${lab.broker.address} --create --topic nowhere --partitions 4`,
      });
    });

    it('are refused when two of them are one', () => {
      const topics = { topicIn: 'a', topicOut: 'a', deadLetterTopic: 'b', groupId: 'g' };
      expect(() => startNumberScoring([lab.broker.address], topics)).toThrow(
        'the topics for events, results and dead letters must differ, and are "a", "a" and "b"',
      );
    });
  });
}
