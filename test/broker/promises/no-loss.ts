import { describe, expect, it } from '@jest/globals';
import { killAgainAndAgain } from '../../support/kafka-endings.ts';
import { type KafkaLab, type Result, toResults } from '../../support/kafka-lab.ts';
import { createKafkaServeFixture, toRefused, toScored } from '../../support/kafka-serve.ts';

export function noLoss(lab: KafkaLab): void {
  describe('no loss', () => {
    const serve = createKafkaServeFixture(lab);

    it('when the command serve is killed ten times in the middle: all have their result or letter, and twins have one id', async () => {
      const endings = await serve({ exactlyOnce: false });
      await killAgainAndAgain(endings, 10);
      const { topics, load } = endings;
      const results = toResults(await lab.client.readAll(topics.topicOut));
      const scored = toScored(load.made);
      expect([...new Set(results.map(({ score }) => score))].toSorted((a, b) => a - b)).toEqual(scored);
      expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(scored.length);
      expect(new Set(results.map(placeAndId)).size).toBe(scored.length);
      const letters = (await lab.client.readAll(topics.deadLetterTopic)).map(({ value }) => String(value));
      expect(new Set(letters)).toEqual(new Set(toRefused(load.made)));
      // The kills were in the middle: there are twins.
      expect(results.length + letters.length).toBeGreaterThan(load.made);
    }, 600_000);
  });
}

function placeAndId({ resultId, score, source }: Result): string {
  return JSON.stringify([resultId, score, source]);
}
