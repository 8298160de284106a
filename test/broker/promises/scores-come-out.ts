import { describe, expect, it } from '@jest/globals';
import { resultId } from '../../../src/server/kafka/results.ts';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

export function scoresComeOut(lab: KafkaLab): void {
  describe('scores come out', () => {
    it('as JSON, with key and headers of the event and a result id', async () => {
      const topics = await lab.createTopics();
      await lab.startScoring(topics);
      const key = Buffer.from([0, 255, 7]);
      const trace = Buffer.from([1, 2, 254]);
      await lab.client.produce(topics.topicIn, [
        { key, value: '{"x": 12.5, "more": "is ignored"}', headers: { trace }, timestamp: '1700000000123' },
      ]);
      const [message] = await lab.client.readUntil(topics.topicOut, (messages) => messages.length === 1);
      const id = resultId({ topic: topics.topicIn, partition: 0 }, 0n, { name: 'numbers', version: 'v1' });
      expect(JSON.parse(message!.value!.toString())).toEqual({
        resultId: id,
        score: 12.5,
        pValue: 1 / 13.5,
        anomalous: true,
        threshold: 10,
        falsePositiveRate: 1 / 11,
        model: 'numbers',
        modelVersion: 'v1',
        source: { topic: topics.topicIn, partition: 0, offset: 0 },
        timestamp: '2023-11-14T22:13:20.123Z',
      });
      expect(message!.key).toEqual(key);
      expect(message!.headers).toEqual({ trace: trace.toString(), 'aristarch-result-id': id });
    });

    it('for events that were there before, in more results than one request to the broker may hold', async () => {
      const topics = await lab.createTopics();
      const count = 6_000;
      await lab.client.produce(topics.topicIn, numberEvents(count));
      const scoring = await lab.startScoring(topics, { config: { maxBatchEvents: count } });
      const messages = await lab.client.readUntil(topics.topicOut, hasScores(count));
      expect(toResults(messages).map(({ score }) => score)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(messages.reduce((sum, { value }) => sum + value!.length, 0)).toBeGreaterThan(1024 * 1024);
      await scoring.stop();
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, count]]));
      const scrape = (await scoring.metrics.render()).body;
      expect(scrape).toContain(`aristarch_kafka_results_produced_total{topic="${topics.topicOut}"} ${count}`);
      expect(scrape).toContain(`aristarch_rows_scored_total{transport="kafka"} ${count}`);
    });
  });
}
