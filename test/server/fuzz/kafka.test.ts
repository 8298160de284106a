import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { InboundMessage, OutboundMessage, RecordScoring } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, toMessage, routeTo, toScorer } from '../kafka/memory-kafka.ts';
import { FUZZ_INPUTS, LEAK_BYTES, leftBehind, mutated } from './mutations.ts';

const CONFIG = {
  topicOut: 'out',
  deadLetterTopic: 'dead',
  cloudEvents: 'off',
  maxBatchEvents: 10,
  pauseMs: 5_000,
} as const;
const GOOD = ['{"x": 1}', '{"x": -2.5e3, "y": null}', '{"x": 3, "nested": {"a": [1, 2, "three"]}}', '{"x": "4"}'];

function createHandler(sent: Record<string, OutboundMessage[]>) {
  const detector = createNumberDetector(() => undefined);
  const scorer = toScorer(detector);
  const scoring: RecordScoring = {
    acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
    route: (records) => routeTo(scorer, records),
  };
  const producer = createMemoryProducer((topic, messages) => {
    (sent[topic] ??= []).push(...messages);
    return [];
  });
  const log = pino({ level: 'silent' });
  return createBatchHandler({
    scoring,
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
    config: CONFIG,
    metrics: createMetrics().kafka,
    log,
  });
}

/** Whether JSON can be read from it at all. */
function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

it(`gives each of ${FUZZ_INPUTS} mutated events a result or a dead letter, good neighbours a result, and keeps nothing`, async () => {
  const sent: Record<string, OutboundMessage[]> = {};
  const handle = createHandler(sent);
  let results = 0;
  const left = await leftBehind(
    fc.asyncProperty(mutated(GOOD), async (bytes) => {
      sent['out'] = [];
      sent['dead'] = [];
      const odd: InboundMessage = {
        ...toMessage(1, null),
        value: bytes,
        key: bytes.subarray(0, 9),
        headers: { any: bytes },
      };
      const batch = {
        ...createBatch(['', '', '']),
        messages: [toMessage(0, '{"x": 1}'), odd, toMessage(2, '{"x": 2}')],
      };
      await handle(batch);
      expect(batch).toMatchObject({ committed: [3n], redeliveries: [] });
      const [out, dead] = [sent['out'], sent['dead']];
      expect([out.length, dead.length]).toEqual(out.length === 3 ? [3, 0] : [2, 1]);
      for (const { value } of out)
        expect(typeof (JSON.parse(value!.toString('utf8')) as { pValue: unknown }).pValue).toBe('number');
      if (dead.length === 1) expect(dead[0]!.value).toEqual(bytes);
      if (out.length === 3) results++;
      if (!isJson(bytes)) expect(dead).toHaveLength(1);
    }),
  );
  expect(left).toBeLessThan(LEAK_BYTES);
  expect(results).toBeGreaterThan(FUZZ_INPUTS / 50);
}, 3_600_000);
