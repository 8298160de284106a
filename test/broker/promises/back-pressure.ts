import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

const EVENTS = 8_000;

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

    it('a model that is slower than its events: no rebalance though a batch takes longer than the session, and memory stays bounded', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const pad = '.'.repeat(2_000);
      const events = (from: number) =>
        numberEvents(400, from).map((event, i) => ({ ...event, value: JSON.stringify({ x: from + i, pad }) }));
      // 16 MB, and a fetch takes at most 1 MiB of each partition.
      for (let from = 0; from < EVENTS; from += 400) await lab.client.produce(topics.topicIn, events(from));
      const gate = createGate();
      let [slow, working] = [true, 0];
      let most = 0;
      const scoring = await lab.startScoring(topics, {
        config: { maxBatchEvents: 100, sessionTimeoutMs: 1_000 },
        async before() {
          working += 1;
          most = Math.max(most, working);
          if (slow) await gate.pass();
          working -= 1;
        },
      });
      await gate.reached;
      const before = await members();
      const memory = process.memoryUsage().arrayBuffers;
      // The broker throws a silent member out after a second.
      await sleep(3_000);
      expect(await members()).toEqual(before);
      expect(most).toBeLessThanOrEqual(2);
      expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(8 * 2 ** 20);
      const consumed = /aristarch_kafka_records_consumed_total\{[^}]*\} (\d+)/.exec(
        (await scoring.metrics.render()).body,
      );
      expect(Number(consumed?.[1])).toBeLessThan(2_000);
      slow = false;
      gate.open();
      await lab.client.readUntil(topics.topicOut, hasScores(EVENTS), 50_000);
      expect(scoring.fatal).toEqual([]);

      async function members(): Promise<readonly string[]> {
        const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
        return [groups[0]!.state, ...groups[0]!.members.map(({ memberId }) => memberId)];
      }
    });
  });
}
