import { expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { startNumberScoring } from '../../support/kafka-scoring.ts';
import { createBatch, createMemoryClient } from './memory-kafka.ts';

const TOPICS = { topicIn: 'events', topicOut: 'scores', deadLetterTopic: 'dead', groupId: 'judges' };

it('a row counts as scored where it has a result, once, however often it was looked at', async () => {
  const batch = createBatch([1, 12, 2].map((x) => JSON.stringify({ x })));
  const { client, sent, done } = createMemoryClient(batch);
  const scoring = startNumberScoring(['unused:1'], TOPICS, {
    openClient: () => Promise.resolve(client),
    config: { explainTopK: 1 },
    // Of the one anomalous event: what is done after scoring fails.
    explain: () => Promise.reject(new AristarchError('INVALID_INPUT', 'cannot be explained')),
  });
  await done;
  expect([sent['scores']?.length, sent['dead']?.length]).toEqual([2, 1]);
  const { body } = await scoring.metrics.render();
  expect(body).toMatch(/^aristarch_rows_scored_total\{transport="kafka"\} 2$/m);
  expect(body).toMatch(/^aristarch_p_value_count 2$/m);
  await scoring.stop();
});

it('an event that others are tried beside again and again counts once, is shown once, and told to drift once; so does one that recovers', async () => {
  const batch = createBatch([1, 12, 2].map((x) => JSON.stringify({ x })));
  const { client, sent, done } = createMemoryClient(batch, 4);
  const heard: number[] = [];
  let alone = 0;
  const scoring = startNumberScoring(['unused:1'], TOPICS, {
    openClient: () => Promise.resolve(client),
    // The second event fails in its batch, and once alone: the third one, the witness, is scored twice.
    before(rows) {
      if (rows.length > 1 || (rows[0] === 12 && ++alone === 1)) throw new Error('crashed');
    },
    drift: {
      observe: (rows) => void heard.push(...rows),
      summary: () => {
        throw new Error('nobody asks');
      },
    },
  });
  await done;
  expect(alone).toBe(2);
  expect(sent['scores']).toHaveLength(3);
  expect(heard).toEqual([1, 12, 2]);
  const { totals, latest } = scoring.recent.snapshot(Date.now());
  expect(totals).toEqual({ rows: 3, flagged: 1 });
  expect(latest.map(({ score }) => score)).toEqual([1, 12, 2]);
  const { body } = await scoring.metrics.render();
  expect(body).toMatch(/^aristarch_rows_scored_total\{transport="kafka"\} 3$/m);
  expect(body).toMatch(/^aristarch_rows_flagged_total\{transport="kafka"\} 1$/m);
  expect(body).toMatch(/^aristarch_p_value_count 3$/m);
  await scoring.stop();
});
