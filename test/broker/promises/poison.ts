import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { waitUntil } from '../../support/wait-until.ts';

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

    it.each([false, true])(
      'an event at which the model itself fails is set aside; one that it fails at for a while is scored, and order is kept (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics();
        await lab.client.produce(topics.topicIn, numberEvents(20));
        let flaws = 0;
        const scoring = await lab.startScoring(topics, {
          config: { exactlyOnce, maxBatchEvents: 10, pauseMs: 100 },
          before(rows) {
            // Five times in its batch, which is read from bytes and from records when the event is looked for, and twice alone.
            if (rows.includes(5) && ++flaws <= 7) throw new Error('the model is not well, says the test');
            if (rows.includes(3)) throw new Error('the model cannot do that, says the test');
          },
        });
        const committed = async () => (await lab.client.committed(topics.groupId, topics.topicIn)).get(0);
        await waitUntil('all to be committed', async () => (await committed()) === 20, 60_000);
        expect(flaws).toBeGreaterThan(7);
        const results = toResults(await lab.client.readAll(topics.topicOut)).map(({ score }) => score);
        expect(results).toEqual([...Array(20).keys()].filter((x) => x !== 3));
        const letters = await lab.client.readAll(topics.deadLetterTopic);
        expect(letters.map(({ headers }) => headers['aristarch-source-offset'])).toEqual(['3']);
        expect(scoring.fatal).toEqual([]);
      },
    );
  });
}
