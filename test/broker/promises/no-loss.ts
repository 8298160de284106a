import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents, type Result, toResults } from '../../support/kafka-lab.ts';
import { spawnScoring } from '../../support/kafka-scoring-child.ts';
import { waitUntil } from '../../support/wait-until.ts';

export function noLoss(lab: KafkaLab): void {
  describe('no loss', () => {
    it('when the process is killed between sending results and committing: all are scored, twins have one id', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const count = 200;
      await lab.client.produce(topics.topicIn, numberEvents(count));
      const child = spawnScoring({ broker: lab.broker.address, topics, maxBatchEvents: 20, scoreMs: 1, commits: 3 });
      lab.onClose(() => child.kill());
      await child.logged('commit hangs');
      await child.kill();
      const scoring = await lab.startScoring(topics);
      const committed = () => lab.client.committed(topics.groupId, topics.topicIn);
      await waitUntil('all to be committed', async () => sum((await committed()).values()) === count, 30_000);
      await scoring.stop();
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(count)));
      expect(results.length).toBeGreaterThan(count);
      expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(count);
      expect(new Set(results.map(placeAndId)).size).toBe(count);
    });
  });
}

function placeAndId({ resultId, score, source }: Result): string {
  return JSON.stringify([resultId, score, source]);
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
