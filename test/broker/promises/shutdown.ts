import { describe, expect, it } from '@jest/globals';
import { terminateAgainAndAgain } from '../../support/kafka-endings.ts';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { createKafkaServeFixture, toRefused, toScored } from '../../support/kafka-serve.ts';

export function shutdown(lab: KafkaLab): void {
  describe('shutdown', () => {
    const serve = createKafkaServeFixture(lab);

    it('finishes and commits the batch at work, leaves the rest of what was fetched, and the group, and the next one goes on without twins', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(30));
      const gate = createGate();
      const scoring = await lab.startScoring(topics, { config: { maxBatchEvents: 10 }, before: gate.pass });
      await gate.reached;
      const stopped = scoring.stop();
      expect(scoring.readiness()).toEqual({ ready: false, reason: 'scoring from Kafka is stopping' });
      await lab.client.produce(topics.topicIn, numberEvents(10, 30));
      gate.open();
      await stopped;
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, 10]]));
      const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
      expect(groups.map(({ state }) => state)).toEqual(['Empty']);
      expect(scoring.fatal).toEqual([]);

      await lab.startScoring(topics);
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(40)));
      expect(results.map(({ score }) => score)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    });

    it.each([false, true])(
      'SIGTERM ends the command serve three times while events wait: with 0, and without a twin (exactly once: %s)',
      async (exactlyOnce) => {
        const endings = await serve({ exactlyOnce });
        expect(await terminateAgainAndAgain(endings, 3)).toEqual([0, 0, 0, 0]);
        const { topics, load } = endings;
        const messages = await lab.client.readAll(topics.topicOut);
        const scores = toResults(messages).map(({ score }) => score);
        expect(scores.toSorted((a, b) => a - b)).toEqual(toScored(load.made));
        const letters = (await lab.client.readAll(topics.deadLetterTopic)).map(({ value }) => String(value));
        expect(letters.toSorted()).toEqual(toRefused(load.made).toSorted());
        // Nothing was begun that was not committed, and taken back.
        expect(await lab.client.readAll(topics.topicOut, { uncommitted: true })).toHaveLength(messages.length);
      },
      600_000,
    );
  });
}
