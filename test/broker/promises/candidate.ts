import { describe, expect, it } from '@jest/globals';
import { positionOf } from '../../../src/server/candidates/position.ts';
import { type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { type BeforeScore, createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { until } from '../../support/until.ts';

const COUNT = 400;
const RULE = { version: 'v2', canary: 0.3, shadow: 0.4, key: undefined };

/** The number detector as a version of its own. */
function createCandidate(before?: BeforeScore) {
  const opened = toOpenModel(createNumberDetector(before));
  return { ...opened, description: { ...opened.description, version: 'v2' } };
}

export function candidate(lab: KafkaLab): void {
  describe('a candidate', () => {
    const run = async (before?: BeforeScore, candidateTimeoutMs?: number) => {
      const topics = await lab.createTopics({ partitions: 2 });
      const scoring = await lab.startScoring(topics, {
        candidate: { rule: RULE, model: createCandidate(before) },
        ...(candidateTimeoutMs !== undefined && { candidateTimeoutMs, config: { maxBatchEvents: 10 } }),
      });
      await lab.client.produce(topics.topicIn, numberEvents(COUNT));
      const messages = await lab.client.readUntil(topics.topicOut, (found) => found.length >= COUNT);
      const results = toResults(messages) as (ReturnType<typeof toResults>[number] & { modelVersion: string })[];
      const keys = messages.map(({ key }) => String(key));
      const rendered = async (name: string): Promise<number> => {
        const lines = (await scoring.metrics.render()).body.matchAll(
          new RegExp(`^aristarch_candidate_${name}\\{.*\\} (\\d+)$`, 'gm'),
        );
        return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
      };
      return { topics, results, keys, rendered };
    };
    const sides = (keys: readonly string[], below: number): number =>
      keys.filter((key) => positionOf('numbers', key) < below).length;

    it('answers its share of the keys: one result for each event, each key always by one version', async () => {
      const { results, keys, rendered } = await run();
      expect(results.map(({ score }) => score).sort((a, b) => a - b)).toEqual([...Array(COUNT).keys()]);
      expect(results.map(({ modelVersion }) => modelVersion)).toEqual(
        keys.map((key) => (positionOf('numbers', key) < RULE.canary ? 'v2' : 'v1')),
      );
      expect(await rendered('rows_answered_total')).toBe(sides(keys, RULE.canary));
      await until('both have scored the rows on trial', async () => {
        const seen = (await rendered('rows_compared_total')) + (await rendered('rows_shed_total'));
        return seen === sides(keys, RULE.canary + RULE.shadow);
      });
    });

    it('that fails at events leaves them to the version that serves: no event is lost, doubled or set aside', async () => {
      const { topics, results, keys, rendered } = await run((rows) => {
        if (rows.some((x) => x % 2 === 1)) throw new Error('the candidate crashes at odd numbers');
      });
      expect(results.map(({ score }) => score).sort((a, b) => a - b)).toEqual([...Array(COUNT).keys()]);
      const tried = results.filter(({ modelVersion }) => modelVersion === 'v2');
      expect(tried.every(({ score }) => score % 2 === 0)).toBe(true);
      expect(sides(keys, RULE.canary)).toBeGreaterThan(0);
      expect(await rendered('failures_total')).toBeGreaterThan(0);
      expect(await lab.client.readAll(topics.deadLetterTopic)).toEqual([]);
    });

    it('that hangs holds up no partition: the version that serves judges its events, after one wait', async () => {
      let asked = 0;
      const hang = () => {
        asked++;
        return new Promise<void>(() => undefined);
      };
      const { results, rendered } = await run(hang, 1000);
      // Batches of 10 events: without that, each of forty would wait for a second.
      expect(asked).toBeLessThan(20);
      expect(results.map(({ score }) => score).sort((a, b) => a - b)).toEqual([...Array(COUNT).keys()]);
      expect(results.every(({ modelVersion }) => modelVersion === 'v1')).toBe(true);
      expect(await rendered('failures_total')).toBeGreaterThan(0);
    });
  });
}
