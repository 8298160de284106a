import { describe, expect, it } from '@jest/globals';
import { createGate, type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';
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
      await lagIs(12, 5);
      gate.open();
      await lagIs(0, 0);
      expect((await scoring.metrics.render()).body).toMatch(
        /^aristarch_kafka_commits_total\{topic="events-.*"\} [2-9]/m,
      );

      async function lagIs(...expected: readonly number[]): Promise<void> {
        const lines = expected.map(
          (records, partition) =>
            `aristarch_kafka_consumer_lag_records{topic="${topics.topicIn}",partition="${partition}"} ${records}\n`,
        );
        await waitUntil(`a lag of ${expected.join(' and ')}`, async () => {
          const { body } = await scoring.metrics.render();
          return lines.every((line) => body.includes(line));
        });
      }
    });
  });
}
