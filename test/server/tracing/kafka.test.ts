import { afterEach, describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { InboundMessage, MessageHeaders, OutboundMessage } from '../../../src/server/kafka/port.ts';
import { createBatchSpans } from '../../../src/server/kafka/traced-batch.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { openTracing } from '../../../src/server/tracing/open-tracing.ts';
import type { SamplerName, Tracing } from '../../../src/server/tracing/port.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { SILENT } from '../../support/serve-fixture.ts';
import { createCollectorFixture, SPAN_KINDS, STATUS_ERROR } from '../../support/trace-collector.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from '../kafka/memory-kafka.ts';

const collect = createCollectorFixture();
const open: Tracing[] = [];
afterEach(async () => {
  for (const tracing of open.splice(0)) await tracing.stop(1000);
});

interface Event {
  readonly value: string;
  readonly headers?: MessageHeaders;
}

/** Handles events as one batch; answers what was sent, by topic. */
async function handle(events: readonly Event[], traceSampler: SamplerName = 'parentbased_always_on', fault?: Error) {
  const collector = await collect();
  const metrics = createMetrics();
  const config = { traceEndpoint: collector.endpoint, traceServiceName: 'test', traceSampler, traceSamplerArg: 0 };
  const tracing = openTracing({
    ...{ config: { ...config, drainTimeoutMs: 1000 }, metrics: metrics.tracing },
    ...{ clock: SYSTEM_CLOCK, log: SILENT },
  });
  open.push(tracing);
  const detector = createNumberDetector();
  const sent: Record<string, OutboundMessage[]> = { out: [], dead: [] };
  const producer = createMemoryProducer((topic, messages) => {
    if (fault !== undefined) throw fault;
    sent[topic]!.push(...messages);
    return [];
  });
  const scorer = toScorer(detector);
  const batch = createBatch(events.map(({ value }) => value));
  const messages = batch.messages.map((message, at): InboundMessage => ({
    ...message,
    headers: events[at]!.headers ?? {},
  }));
  await createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve(undefined),
      route: (records) => routeTo(scorer, records),
    },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 1 },
    metrics: metrics.kafka,
    startSpan: createBatchSpans(tracing, 'judges'),
    log: SILENT,
  })({ ...batch, messages });
  await tracing.stop(1000);
  return { collector, sent };
}

const TRACES = { a: 'a'.repeat(32), b: 'b'.repeat(32) };
const from = (trace: keyof typeof TRACES, flags: string, span = trace): MessageHeaders => ({
  traceparent: Buffer.from(`00-${TRACES[trace]}-${span.repeat(16)}-${flags}`),
  tracestate: `vendor=${trace}`,
});
const x = (value: number): string => JSON.stringify({ x: value });

describe('a batch of events', () => {
  it('has a span that is linked to where its events come from, and whose context goes on with the results', async () => {
    const { collector, sent } = await handle([
      { value: x(1), headers: { ...from('a', '01'), mine: 'kept' } },
      { value: x(2), headers: from('b', '00') },
      { value: x(3), headers: from('a', '01') },
      { value: x(4) },
      { value: 'no JSON', headers: from('b', '00') },
    ]);
    const [span] = await collector.find('process events');
    expect(span!.parentSpanId).toBeUndefined();
    expect(span).toMatchObject({ kind: SPAN_KINDS.consumer, status: { code: 0 } });
    expect(span!.links).toEqual([
      expect.objectContaining({ traceId: TRACES.a, spanId: 'a'.repeat(16), traceState: 'vendor=a' }),
      expect.objectContaining({ traceId: TRACES.b, spanId: 'b'.repeat(16) }),
    ]);
    expect(span!.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'events',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'judges',
      'messaging.batch.message_count': 5,
      'kafka.offset': 0,
      'aristarch.results': 4,
      'aristarch.dead_letters': 1,
    });
    expect(collector.childrenOf(span!).map(({ name }) => name)).toEqual(['decode', 'rows', 'encode']);
    const traceparent = `00-${span!.traceId}-${span!.spanId}-01`;
    expect(sent['out']!.map(({ headers }) => headers['traceparent'])).toEqual(Array(4).fill(traceparent));
    // State of the senders' traces has no place in another one.
    expect(sent['out']!.map(({ headers }) => headers['tracestate'])).toEqual(Array(4).fill(undefined));
    expect(sent['out']![0]!.headers['mine']).toBe('kept');
    // A dead letter is the event as it came.
    expect(sent['dead']![0]!.headers).toMatchObject(from('b', '00'));
  });

  it('that nobody traces is not traced, and its results keep what the events had', async () => {
    const { collector, sent } = await handle([{ value: x(1), headers: from('b', '00') }]);
    expect(collector.spans).toEqual([]);
    expect(sent['out']![0]!.headers).toMatchObject(from('b', '00'));
  });

  it.each([
    ['parentbased_always_on', 1],
    ['parentbased_always_off', 0],
  ] as const)('without contexts is traced by the sampler alone: %s', async (sampler, spans) => {
    const { collector, sent } = await handle(
      [{ value: x(1) }, { value: x(2), headers: { traceparent: 'x' } }],
      sampler,
    );
    expect(collector.spans.filter(({ name }) => name === 'process events')).toHaveLength(spans);
    expect(sent['out']![0]!.headers['traceparent'] !== undefined).toBe(spans === 1);
  });

  it('that fails says by which fault', async () => {
    const { collector } = await handle([{ value: x(1) }], 'always_on', new AristarchError('UNAVAILABLE', 'no broker'));
    const [span] = await collector.find('process events');
    expect(span!.status.code).toBe(STATUS_ERROR);
    expect(span!.attributes['error.type']).toBe('UNAVAILABLE');
  });
});
