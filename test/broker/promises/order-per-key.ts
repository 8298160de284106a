import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

export function orderPerKey(lab: KafkaLab): void {
  describe('order per key', () => {
    it('results of one key lie in one partition, in the order of its events', async () => {
      const topics = await lab.createTopics({ partitions: 3 });
      await lab.startScoring(topics, { config: { maxBatchEvents: 10, concurrency: 3 } });
      await lab.client.produce(topics.topicIn, numberEvents(100));
      await lab.client.produce(topics.topicIn, numberEvents(100, 100));
      const messages = await lab.client.readUntil(topics.topicOut, hasScores(200));
      const keys = new Set(messages.map(({ key }) => key!.toString()));
      expect(keys.size).toBe(7);
      for (const name of keys) {
        const ofKey = messages.filter(({ key }) => key!.toString() === name);
        expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
        const scores = toResults(ofKey).map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => a - b));
      }
    });

    it('events without a key keep the order of their partition', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      await lab.startScoring(topics, { config: { maxBatchEvents: 10 } });
      const keyless = numberEvents(60).map(({ value }, i) => ({ value, partition: i % 2 }));
      await lab.client.produce(topics.topicIn, keyless);
      const messages = await lab.client.readUntil(topics.topicOut, hasScores(60));
      for (const partition of [0, 1]) {
        const scores = toResults(messages.filter((message) => message.partition === partition)).map(
          ({ score }) => score,
        );
        expect(scores).toEqual(Array.from({ length: 30 }, (_, i) => 2 * i + partition));
      }
    });
  });
}
