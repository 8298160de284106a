import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { findFreePorts } from '../../support/kafka-broker.ts';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { startNumberScoring } from '../../support/kafka-scoring.ts';
import { waitUntil } from '../../support/wait-until.ts';

const EVENTS = 2_000;

/** Kills and restarts the lab's broker: keep it the last of the promises. */
export function brokerRestart(lab: KafkaLab): void {
  describe('broker restart', () => {
    it('for longer than the start may take, where that is limited: an error that names the brokers and the remedy', async () => {
      const [port] = await findFreePorts();
      const address = `127.0.0.1:${port}`;
      const topics = { topicIn: 'a', topicOut: 'b', deadLetterTopic: 'c', groupId: 'g' };
      const scoring = startNumberScoring([address], topics, {
        config: { client: lab.clientName, startTimeoutMs: 1_000 },
      });
      lab.onClose(() => scoring.stop());
      expect(scoring.readiness()).toEqual({ ready: false, reason: 'connecting to Kafka' });
      const unanswered = `Kafka does not answer as it should at ${address}: check that the brokers run and can be reached`;
      await waitUntil('the reason', () =>
        scoring.readiness().reason?.startsWith(`not joined to Kafka yet: ${unanswered}`),
      );
      const message = `Kafka was not joined within 1000 ms; the last attempt: ${unanswered}`;
      const error = { code: 'UNAVAILABLE', message: expect.stringContaining(message) };
      await expect(scoring.started).rejects.toMatchObject(error);
      expect(scoring.fatal).toMatchObject([error]);
      expect(scoring.readiness().reason).toContain(message);
    });

    it('at start and again later: is waited for, not ready meanwhile, and nothing is lost', async () => {
      const topics = await lab.createTopics();
      await lab.broker.kill();
      // A broker that was killed reads all its logs before it answers.
      const scoring = startNumberScoring([lab.broker.address], topics, {
        config: { client: lab.clientName },
      });
      lab.onClose(() => scoring.stop());
      await waitUntil('the reason', () => scoring.readiness().reason?.startsWith('not joined to Kafka yet'));
      await lab.broker.start();
      await scoring.started;
      expect(scoring.readiness()).toEqual({ ready: true });
      await lab.client.produce(topics.topicIn, numberEvents(10));
      await lab.client.readUntil(topics.topicOut, hasScores(10));

      await lab.broker.kill();
      await waitUntil('not ready', () => !scoring.readiness().ready, 90_000);
      expect(scoring.readiness().reason).toMatch(/^lost Kafka: Kafka does not answer as it should at 127\.0\.0\.1/);
      await lab.broker.start();
      await waitUntil('ready again', () => scoring.readiness().ready, 90_000);
      await lab.client.produce(topics.topicIn, numberEvents(10, 10));
      await lab.client.readUntil(topics.topicOut, hasScores(20));
      expect(scoring.fatal).toEqual([]);
    }, 300_000);

    it.each([false, true])(
      'killed in the middle of the work: all that came has its result, and with exactly once a single one (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics({ partitions: 2 });
        await lab.client.produce(topics.topicIn, numberEvents(EVENTS));
        const committed = async () => sum((await lab.client.committed(topics.groupId, topics.topicIn)).values());
        const scoring = await lab.startScoring(topics, {
          config: { exactlyOnce, maxBatchEvents: 20 },
          before: () => sleep(10),
        });
        await waitUntil('some to be committed', async () => (await committed()) > 200, 60_000);
        await lab.broker.kill();
        await lab.broker.start();
        // The group's coordinator is looked for anew meanwhile.
        await waitUntil('all to be committed', async () => (await committed().catch(() => 0)) === EVENTS, 120_000);
        await scoring.stop();
        const scores = toResults(await lab.client.readAll(topics.topicOut)).map(({ score }) => score);
        const expected = Array.from({ length: EVENTS }, (_, i) => i);
        const counted = exactlyOnce ? scores : [...new Set(scores)];
        expect(counted.toSorted((a, b) => a - b)).toEqual(expected);
        expect(scoring.fatal).toEqual([]);
      },
      300_000,
    );
  });
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
