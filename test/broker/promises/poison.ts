import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';

const POISON = 500;

export function poison(lab: KafkaLab): void {
  describe('poison', () => {
    it.each([false, true])(
      'a run of events that nobody can read stops nothing: each is set aside once, with its place (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics();
        const bytes = Array.from({ length: POISON }, (_, i) => ({
          key: `p-${i}`,
          value: Buffer.from([0xff, 0, i % 256]),
        }));
        await lab.client.produce(topics.topicIn, [...numberEvents(10), ...bytes, ...numberEvents(10, 10)]);
        const scoring = await lab.startScoring(topics, { config: { exactlyOnce, maxBatchEvents: 50 } });
        await lab.client.readUntil(topics.topicOut, hasScores(20));
        await scoring.stop();
        expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, POISON + 20]]));
        const letters = await lab.client.readAll(topics.deadLetterTopic);
        const places = letters.map(({ headers }) => Number(headers['aristarch-source-offset']));
        expect(places).toEqual(Array.from({ length: POISON }, (_, i) => i + 10));
        expect(letters.map(({ value }) => value)).toEqual(bytes.map(({ value }) => value));
        expect(scoring.fatal).toEqual([]);
      },
    );
  });
}
