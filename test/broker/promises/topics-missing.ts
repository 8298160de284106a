import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../support/wait-until.ts';
import type { KafkaLab } from '../../support/kafka-lab.ts';
import { startNumberScoring } from '../../support/kafka-scoring.ts';

export function topicsMissing(lab: KafkaLab): void {
  describe('topics missing', () => {
    it('are named, with the command that makes them, and waited for', async () => {
      const { topicIn, groupId } = await lab.createTopics();
      const names = { topicOut: `${topicIn}-nowhere`, deadLetterTopic: `${topicIn}-neither` };
      const topics = { topicIn, groupId, ...names };
      const scoring = startNumberScoring([lab.broker.address], topics, { config: { client: lab.clientName } });
      lab.onClose(() => scoring.stop());
      const reason =
        `not joined to Kafka yet: Kafka has no topic "${names.topicOut}", "${names.deadLetterTopic}" that this user may see; ` +
        `create them first: kafka-topics.sh --bootstrap-server ${lab.broker.address} --create --topic ${names.topicOut} --partitions 4`;
      await waitUntil('the reason', () => scoring.readiness().reason === reason);
      for (const name of Object.values(names)) await lab.client.createTopic(name);
      await scoring.started;
      expect(scoring.fatal).toEqual([]);
    });

    it('are refused when two of them are one', () => {
      const topics = { topicIn: 'a', topicOut: 'a', deadLetterTopic: 'b', groupId: 'g' };
      expect(() => startNumberScoring([lab.broker.address], topics)).toThrow(
        'the topics for events, results and dead letters must differ, and are "a", "a" and "b"',
      );
    });
  });
}
