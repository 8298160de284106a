import { describe, expect, it } from '@jest/globals';
import { type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';
import { waitUntil } from '../../support/wait-until.ts';

export function unreadableCompression(lab: KafkaLab): void {
  describe('unreadable compression', () => {
    it('ends scoring with an error that says so, instead of a consumer that is silently dead', async () => {
      const topics = await lab.createTopics({ inConfig: { 'compression.type': 'lz4' } });
      const scoring = await lab.startScoring(topics);
      expect(scoring.readiness()).toEqual({ ready: true });
      await lab.client.produce(topics.topicIn, numberEvents(3));
      await waitUntil('the end', () => scoring.fatal.length > 0);
      expect(scoring.fatal).toMatchObject([
        {
          code: 'PRECONDITION_FAILED',
          message: expect.stringMatching(/knows gzip only.*\(LZ4 compression not implemented\)/),
        },
      ]);
      expect(scoring.readiness().reason).toMatch(/^scoring from Kafka has ended: /);
      expect((await scoring.metrics.render()).body).toContain('aristarch_kafka_consumer_up 0');
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map());
    });
  });
}
