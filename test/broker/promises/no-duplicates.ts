import { describe, expect, it } from '@jest/globals';
import { killAgainAndAgain } from '../../support/kafka-kills.ts';
import { type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

const EVENTS = 2_000;

export function noDuplicates(lab: KafkaLab): void {
  describe('no duplicates', () => {
    it('exactly once, killed ten times in the middle: readers of committed messages see every result and dead letter once', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const events = numberEvents(EVENTS).map((event, i) => (i % 50 === 0 ? { ...event, value: `bad ${i}` } : event));
      await lab.client.produce(topics.topicIn, events);
      await killAgainAndAgain(lab, topics, { kills: 10, exactlyOnce: true, events: EVENTS });
      const scores = toResults(await lab.client.readAll(topics.topicOut)).map(({ score }) => score);
      const expected = Array.from({ length: EVENTS }, (_, i) => i).filter((i) => i % 50 !== 0);
      expect(scores.toSorted((a, b) => a - b)).toEqual(expected);
      const letters = await lab.client.readAll(topics.deadLetterTopic);
      const values = letters.map(({ value }) => value?.toString() ?? '');
      expect(values.toSorted()).toEqual(
        events
          .map(({ value }) => value)
          .filter((value) => value.startsWith('bad'))
          .toSorted(),
      );
      // The kills were in the middle: transactions were left open, and the broker has ended them.
      const written = await lab.client.readAll(topics.topicOut, { uncommitted: true });
      expect(written.length).toBeGreaterThan(expected.length);
    }, 120_000);
  });
}
