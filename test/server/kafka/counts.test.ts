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
