import { describe, expect, it } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { hasScores, type KafkaLab, toResults } from '../../support/kafka-lab.ts';
import { startSchemaRegistry, wireFormat } from '../../support/schema-registry.ts';
import { waitUntil } from '../../support/wait-until.ts';

const AVRO = JSON.stringify({ type: 'record', name: 'Number', fields: [{ name: 'x', type: 'double' }] });
const PROTOBUF = 'syntax = "proto3"; message Number { double x = 1; }';

export function formats(lab: KafkaLab): void {
  describe('formats', () => {
    it('Avro that another client wrote is scored; a registry that is away delays it and loses nothing', async () => {
      await using registry = await startSchemaRegistry();
      const other = new SchemaRegistry({ host: registry.url });
      const { id } = await other.register({ type: SchemaType.AVRO, schema: AVRO }, { subject: 'numbers' });
      const topics = await lab.createTopics();
      registry.failWith(503);
      const config = { format: 'avro', registry: { url: registry.url } } as const;
      const scoring = await lab.startScoring(topics, { config });
      const values = await Promise.all(Array.from({ length: 20 }, (_, x) => other.encode(id, { x })));
      const bad = { key: 'bad', value: wireFormat(4711, Uint8Array.of(0)) };
      await lab.client.produce(topics.topicIn, [bad, ...values.map((value) => ({ key: 'k', value }))]);
      const retried = 'aristarch_kafka_retries_total{operation="batch"}';
      await waitUntil('a retry', async () => (await scoring.metrics.render()).body.includes(retried));
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map());
      registry.failWith(0);
      await lab.client.readUntil(topics.topicOut, hasScores(20));
      const [letter] = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 1);
      expect(letter).toMatchObject({ value: bad.value, headers: { 'aristarch-error-code': 'NOT_FOUND' } });
    });

    it.each(['avro', 'protobuf'] as const)(
      'results in %s are read downstream by another client; what cannot be scored is a dead letter as it came',
      async (resultFormat) => {
        await using registry = await startSchemaRegistry();
        const topics = await lab.createTopics();
        registry.failWith(503);
        const config = { resultFormat, registry: { url: registry.url }, explainTopK: 1 };
        const starting = lab.startScoring(topics, { config });
        await waitUntil('the registry to be asked', () => registry.asked.length > 0);
        registry.failWith(0);
        await starting;
        const events = [1, 12, 3].map((x) => ({ key: `k${x}`, value: JSON.stringify({ x }) }));
        await lab.client.produce(topics.topicIn, [...events, { key: 'bad', value: 'no JSON' }]);
        const results = await lab.client.readUntil(topics.topicOut, ({ length }) => length === 3);
        const downstream = new SchemaRegistry({ host: registry.url });
        const read = await Promise.all(results.map(({ value }) => downstream.decode(value!) as Promise<object>));
        expect(read).toMatchObject([
          { score: 1, model: 'numbers' },
          { score: 12, anomalous: true, explanation: { contributions: [{ field: 'x', contribution: 12 }] } },
          { score: 3, modelVersion: 'v1' },
        ]);
        expect(results.map(({ headers }) => headers['aristarch-result-id'])).toEqual(
          read.map((result) => (result as { resultId: string }).resultId),
        );
        const [letter] = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 1);
        expect(String(letter!.value)).toBe('no JSON');
      },
    );

    it('Protobuf is scored, and results are CloudEvents when they are wanted', async () => {
      await using registry = await startSchemaRegistry();
      const id = registry.add('numbers', { schema: PROTOBUF, schemaType: 'PROTOBUF' });
      const topics = await lab.createTopics();
      const config = { format: 'protobuf', registry: { url: registry.url }, cloudEvents: 'binary' } as const;
      await lab.startScoring(topics, { config });
      const value = wireFormat(id, Uint8Array.of(0, 0x09), new Uint8Array(Float64Array.of(12.5).buffer));
      const headers = { ce_specversion: '1.0', ce_id: 'e-1', ce_source: '/tills/7', ce_type: 'number' };
      await lab.client.produce(topics.topicIn, [{ key: 'k', value, headers }]);
      const [result] = await lab.client.readUntil(topics.topicOut, ({ length }) => length === 1);
      const { score, resultId } = toResults([result!])[0]!;
      expect(score).toBe(12.5);
      expect(result!.headers).toMatchObject({
        ...{ ce_id: resultId, ce_causeid: 'e-1', ce_causesource: '/tills/7', ce_type: 'aristarch.result.v1' },
        ...{ ce_source: '/aristarch/models/numbers/versions/v1', 'content-type': 'application/json' },
      });
    });
  });
}
