import { describe, expect, it } from '@jest/globals';
import { killAgainAndAgain } from '../../support/kafka-kills.ts';
import { type KafkaLab, numberEvents, type Result, toResults } from '../../support/kafka-lab.ts';

const EVENTS = 2_000;

export function noLoss(lab: KafkaLab): void {
  describe('no loss', () => {
    it('when the process is killed ten times in the middle: all are scored, and twins have one id', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      await lab.client.produce(topics.topicIn, numberEvents(EVENTS));
      await killAgainAndAgain(lab, topics, { kills: 10, exactlyOnce: false, events: EVENTS });
      const results = toResults(await lab.client.readAll(topics.topicOut));
      expect(new Set(results.map(({ score }) => score)).size).toBe(EVENTS);
      expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(EVENTS);
      expect(new Set(results.map(placeAndId)).size).toBe(EVENTS);
      // The kills were in the middle: there are twins.
      expect(results.length).toBeGreaterThan(EVENTS);
    }, 120_000);
  });
}

function placeAndId({ resultId, score, source }: Result): string {
  return JSON.stringify([resultId, score, source]);
}
