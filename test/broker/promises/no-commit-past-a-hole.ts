import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { openKafkaClient } from '../../../src/server/kafka/open-client.ts';
import type { KafkaClient, ProducerSession } from '../../../src/server/kafka/port.ts';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

export function noCommitPastAHole(lab: KafkaLab): void {
  describe('no commit past a hole', () => {
    it('a batch whose results were refused is sent again before anything after it is committed', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(60));
      const sends: number[] = [];
      const committedAtFault: number[] = [];
      const scoring = await lab.startScoring(topics, {
        config: { maxBatchEvents: 20 },
        openClient: async (config, log) =>
          wrapSends(await openKafkaClient(config, log), async (send, rows) => {
            sends.push(rows);
            if (sends.length !== 2 && sends.length !== 3) return send();
            committedAtFault.push((await lab.client.committed(topics.groupId, topics.topicIn)).get(0) ?? -1);
            throw new AristarchError('UNAVAILABLE', 'the broker is gone, says the test');
          }),
      });
      const messages = await lab.client.readUntil(topics.topicOut, hasScores(60));
      expect(toResults(messages).map(({ score }) => score)).toEqual(Array.from({ length: 60 }, (_, i) => i));
      expect(committedAtFault).toEqual([20, 20]);
      await scoring.stop();
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, 60]]));
      expect((await scoring.metrics.render()).body).toContain('aristarch_kafka_retries_total{operation="batch"} 2');
    });

    it('a lost acknowledgement makes twins with one id, and no hole', async () => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(40));
      let sends = 0;
      await lab.startScoring(topics, {
        config: { maxBatchEvents: 20 },
        openClient: async (config, log) =>
          wrapSends(await openKafkaClient(config, log), async (send) => {
            await send();
            sends += 1;
            if (sends === 1) throw new AristarchError('UNAVAILABLE', 'the acknowledgement is lost, says the test');
          }),
      });
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(40)));
      const firstTwenty = Array.from({ length: 20 }, (_, i) => i);
      expect(results.map(({ score }) => score)).toEqual([
        ...firstTwenty,
        ...firstTwenty,
        ...firstTwenty.map((i) => i + 20),
      ]);
      expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(40);
    });
  });
}

/** A client in whose producers each send goes through `around`. */
function wrapSends(
  client: KafkaClient,
  around: (send: () => Promise<void>, rows: number) => Promise<void>,
): KafkaClient {
  return {
    ...client,
    async openProducerSession(): Promise<ProducerSession> {
      const session = await client.openProducerSession();
      return { ...session, send: (topic, messages) => around(() => session.send(topic, messages), messages.length) };
    },
  };
}
