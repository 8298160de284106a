import { describe, expect, it } from '@jest/globals';
import { killAgainAndAgain } from '../../support/kafka-endings.ts';
import { type KafkaLab, toResults } from '../../support/kafka-lab.ts';
import { createKafkaServeFixture, toRefused, toScored } from '../../support/kafka-serve.ts';

export function noDuplicates(lab: KafkaLab): void {
  describe('no duplicates', () => {
    const serve = createKafkaServeFixture(lab);

    it('exactly once, the command serve killed ten times in the middle: readers of committed messages see every result and dead letter once', async () => {
      const endings = await serve({ exactlyOnce: true });
      await killAgainAndAgain(endings, 10);
      const { topics, load } = endings;
      const scores = toResults(await lab.client.readAll(topics.topicOut)).map(({ score }) => score);
      expect(scores.toSorted((a, b) => a - b)).toEqual(toScored(load.made));
      const letters = (await lab.client.readAll(topics.deadLetterTopic)).map(({ value }) => String(value));
      expect(letters.toSorted()).toEqual(toRefused(load.made).toSorted());
    }, 600_000);
  });
}
