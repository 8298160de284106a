import { describe, expect, it } from '@jest/globals';
import { killAgainAndAgain } from '../../support/kafka-endings.ts';
import { type KafkaLab, numberEvents, type Result, toResults } from '../../support/kafka-lab.ts';
import { waitUntil } from '../../support/wait-until.ts';
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

    it('a group that starts at the end has its place from then on: what comes while nobody is there is scored', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(10));
      const config = { startAt: 'latest' } as const;
      const first = await lab.startScoring(topics, { config });
      const place = async () => (await lab.client.committed(topics.groupId, topics.topicIn)).get(0);
      await waitUntil('the group to have a place', async () => (await place()) === 10);
      await first.stop();
      await lab.client.produce(topics.topicIn, numberEvents(5, 10));
      await lab.startScoring(topics, { config });
      const results = toResults(await lab.client.readUntil(topics.topicOut, ({ length }) => length >= 5));
      expect(results.map(({ score }) => score)).toEqual([10, 11, 12, 13, 14]);
    }, 240_000);

    it('where events behind its offset are gone before they were read, those that are still there are scored, also in a group that would start at the end', async () => {
      const topics = await lab.createTopics();
      const { topicIn: topic, groupId } = topics;
      await lab.client.produce(topic, numberEvents(30));
      await lab.client.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '5' }] });
      await lab.client.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '10' }] });
      await lab.startScoring(topics, { config: { startAt: 'latest' } });
      const results = toResults(await lab.client.readUntil(topics.topicOut, ({ length }) => length >= 20));
      expect(results.map(({ score }) => score)).toEqual(Array.from({ length: 20 }, (_, i) => 10 + i));
    }, 240_000);
  });
}

function placeAndId({ resultId, score, source }: Result): string {
  return JSON.stringify([resultId, score, source]);
}
