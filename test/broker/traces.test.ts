import { Metadata } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { SERVICE } from '../../src/server/grpc/contract.ts';
import { KAFKA_CLIENTS } from '../../src/server/kafka/port.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { createKafkaLab } from '../support/kafka-lab.ts';
import { needs } from '../support/needs.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { createCollectorFixture } from '../support/trace-collector.ts';

const serve = createServeFixture();
const collect = createCollectorFixture();
const connect = createClientFixture();

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const EVENT = JSON.stringify({ amount: 1, country: 'DE', online: true, at: '2026-01-01T00:00:00Z' });

/** The whole service between a caller, a real broker and a real receiver of OTLP. */
needs('broker').describe('traces go through the service', () => {
  const lab = createKafkaLab('kafkajs');

  it.each(KAFKA_CLIENTS)('from the headers of events to those of results, beside calls: %s', async (kafkaClient) => {
    const { topicIn, topicOut, deadLetterTopic: deadLetter, groupId: kafkaGroupId } = await lab.createTopics();
    const event = { key: 'k', value: EVENT, headers: { traceparent: TRACEPARENT } };
    await lab.client.produce(topicIn, [event, event]);
    const collector = await collect();
    const kafka = { kafkaBrokers: [lab.broker.address], kafkaClient, topicIn, topicOut, deadLetter, kafkaGroupId };
    const serving = await serve({
      settings: { traceEndpoint: collector.endpoint, ...kafka, kafkaStartAt: 'earliest' },
    });
    await serving.ready;
    const results = await lab.client.readUntil(topicOut, (messages) => messages.length >= 2);
    const batches = await collector.find(`process ${topicIn}`);
    for (const batch of batches) {
      expect(batch.links).toEqual([expect.objectContaining({ traceId: TRACE, spanId: '00f067aa0ba902b7' })]);
      const stages = collector.childrenOf(batch).map(({ name }) => name);
      expect(stages).toEqual(['decode', 'rows', 'queue', 'infer', 'encode']);
    }
    const contexts = batches.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
    for (const { headers } of results) expect(contexts).toContain(String(headers['traceparent']));
    const metadata = new Metadata();
    metadata.set('traceparent', TRACEPARENT);
    await new Promise<void>((resolve, reject) => {
      connect(serving.addresses.grpc).raw.score(dense(1), metadata, {}, (error) => (error ? reject(error) : resolve()));
    });
    const [call] = await collector.find(`${SERVICE}/Score`);
    expect(call).toMatchObject({ traceId: TRACE, parentSpanId: '00f067aa0ba902b7' });
  });
});
