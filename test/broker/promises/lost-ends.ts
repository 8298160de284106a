import { describe, expect, it } from '@jest/globals';
import { GHOST, leaveGhost } from '../../support/kafka-ghost.ts';
import { type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';
import { waitUntil } from '../../support/wait-until.ts';

const EVENTS = 10;

export function lostEnds(lab: KafkaLab): void {
  describe('ends of transactions that a broker has lost', () => {
    it.each([
      { name: 'of one that was committed: it counts, and nothing is done again', whole: 1, hanging: 2, ghosts: 3 },
      {
        name: 'of one that nobody knows about: it is taken back, and all of it is done again',
        whole: 0,
        hanging: 2,
        ghosts: 0,
      },
    ])('exactly once, $name', async ({ whole, hanging, ghosts }) => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(EVENTS));
      await leaveGhost(lab, topics, { whole, hanging });
      // For readers of committed messages the topic ends where the transaction begins that has no end.
      const scoring = await lab.startScoring(topics, { config: { exactlyOnce: true } });
      await waitUntil('all to be committed', async () => {
        const committed = await lab.client.committed(topics.groupId, topics.topicIn);
        return committed.get(0) === EVENTS;
      });
      await scoring.stop();
      const results = (await lab.client.readAll(topics.topicOut)).map(
        ({ value }) => JSON.parse(value!.toString()) as { score: number; by?: string },
      );
      expect(results.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: EVENTS }, (_, i) => i),
      );
      expect(results.filter(({ by }) => by === GHOST)).toHaveLength(ghosts);
      expect(scoring.fatal).toEqual([]);
    });

    it('exactly once, of results of events that are done: they come out also where no event comes any more', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(2));
      await leaveGhost(lab, topics, { whole: 0, hanging: 2, moves: true });
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, 2]]));
      await lab.startScoring(topics, { config: { exactlyOnce: true } });
      const results = await lab.client.readUntil(topics.topicOut, ({ length }) => length >= 2);
      expect(results.map(({ value }) => JSON.parse(value!.toString()) as object)).toEqual([
        { score: 0, by: GHOST },
        { score: 1, by: GHOST },
      ]);
    });
  });
}
