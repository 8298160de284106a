import { describe, expect, it } from '@jest/globals';
import { createGate, type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';
import type { RunningScoring, Topics } from '../../support/kafka-scoring.ts';
import { waitUntil } from '../../support/wait-until.ts';

export function lag(lab: KafkaLab): void {
  describe('lag', () => {
    it('counts by partition what is not committed, while a batch is stuck and after it is done', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const gate = createGate();
      const scoring = await lab.startScoring(topics, { before: gate.pass });
      await lab.client.produce(
        topics.topicIn,
        numberEvents(12).map((event) => ({ ...event, partition: 0 })),
      );
      await lab.client.produce(
        topics.topicIn,
        numberEvents(5).map((event) => ({ ...event, partition: 1 })),
      );
      await lagIs(scoring, topics, 12, 5);
      gate.open();
      await lagIs(scoring, topics, 0, 0);
      expect((await scoring.metrics.render()).body).toMatch(
        /^aristarch_kafka_commits_total\{topic="events-.*",partition="0"\} [1-9]/m,
      );
    });

    it.each([
      ['at least once', false],
      ['exactly once', true],
    ])('is none behind transactions that are done, committed or taken back, %s', async (_, exactlyOnce) => {
      const topics = await lab.createTopics({ partitions: 3 });
      const toEach = (round: number, partitions: readonly number[]) =>
        partitions.map((partition) => ({ ...numberEvents(1, 3 * round + partition)[0]!, partition }));
      const rounds = (partitions: readonly number[]) => Array.from({ length: 4 }, (_, i) => toEach(i, partitions));
      // Partition 1 has nothing but what was taken back; partition 2 nothing of it.
      await lab.client.produceTransactions(topics.topicIn, rounds([0, 2]), 'commit');
      await lab.client.produceTransactions(topics.topicIn, rounds([0, 1]), 'abort');
      const scoring = await lab.startScoring(topics, { config: { exactlyOnce } });
      await lagIs(scoring, topics, 0, 0, 0);
      // Nor for whoever asks the brokers: the end of a transaction that was committed is behind the group's offset.
      const ends = await lab.client.admin.fetchTopicOffsets(topics.topicIn);
      const committed = await lab.client.committed(topics.groupId, topics.topicIn);
      expect(committed.get(2)).toBe(Number(ends.find(({ partition }) => partition === 2)?.high));
      expect(await lab.client.readUntil(topics.topicOut, (messages) => messages.length === 8)).toHaveLength(8);
    });
  });
}

async function lagIs({ metrics }: RunningScoring, { topicIn }: Topics, ...expected: readonly number[]): Promise<void> {
  const lines = expected.map(
    (records, partition) =>
      `aristarch_kafka_consumer_lag_records{topic="${topicIn}",partition="${partition}"} ${records}\n`,
  );
  await waitUntil(`a lag of ${expected.join(' and ')}`, async () => {
    const { body } = await metrics.render();
    return lines.every((line) => body.includes(line));
  });
}
