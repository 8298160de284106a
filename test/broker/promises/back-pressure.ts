import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

export function backPressure(lab: KafkaLab): void {
  describe('back-pressure', () => {
    it('a model that fails for a while delays events and loses none, and other partitions go on', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const codes = ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ARTEFACT_INVALID'] as const;
      let faults = 0;
      const scoring = await lab.startScoring(topics, {
        before(rows) {
          const code = codes[faults];
          if (rows[0] !== 0 || code === undefined) return;
          faults += 1;
          throw new AristarchError(code, 'the model is not well, says the test');
        },
      });
      await lab.client.produce(
        topics.topicIn,
        numberEvents(20).map((event) => ({ ...event, key: 'one', partition: 0 })),
      );
      await lab.client.produce(
        topics.topicIn,
        numberEvents(20, 20).map((event) => ({ ...event, key: 'two', partition: 1 })),
      );
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(40)));
      expect(results.slice(0, 20).map(({ source }) => source.partition)).toEqual(Array(20).fill(1));
      expect(results.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 40 }, (_, i) => i),
      );
      expect(scoring.readiness()).toEqual({ ready: true });
      expect((await scoring.metrics.render()).body).toContain('aristarch_kafka_retries_total{operation="batch"} 3');
    });
  });
}
