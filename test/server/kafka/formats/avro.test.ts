import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { createEventReader, type EventReader } from '../../../../src/server/kafka/formats/reader.ts';
import { createSchemaRegistry } from '../../../../src/server/kafka/formats/registry.ts';
import { startSchemaRegistry, type TestRegistry, wireFormat } from '../../../support/schema-registry.ts';
import { toMessage } from '../memory-kafka.ts';

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Payment',
  namespace: 'shop',
  fields: [
    { name: 'amount', type: 'double' },
    { name: 'country', type: ['null', 'string'], default: null },
    { name: 'online', type: 'boolean' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['CARD', 'CASH'] } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'items', type: 'long' },
  ],
});

const messageOf = (value: Buffer) => ({ ...toMessage(0, ''), value });

describe('an Avro event', () => {
  let registry: TestRegistry;
  let reader: EventReader;
  beforeAll(async () => {
    registry = await startSchemaRegistry();
    const open = createSchemaRegistry({ url: registry.url });
    reader = createEventReader({ format: 'avro', maxEventBytes: 10_000, registry: open });
  });
  afterAll(() => registry.close());
  async function read(value: Buffer) {
    await reader.prepare([messageOf(value)]);
    return reader.read(messageOf(value));
  }

  it('that another client wrote and registered is a record', async () => {
    const other = new SchemaRegistry({ host: registry.url });
    const { id } = await other.register({ type: SchemaType.AVRO, schema: SCHEMA }, { subject: 'payments-value' });
    const event = { amount: 12.5, country: 'DE', online: true, kind: 'CASH', at: 1_700_000_000_123_000, items: 3 };
    const bytes = await other.encode(id, event);
    expect({ ...(await read(bytes)) }).toEqual({ ...event, at: 1_700_000_000_123 });
    expect(await read(await other.encode(id, { ...event, country: null }))).toHaveProperty('country', null);
    expect(registry.asked.filter((path) => path === `GET /schemas/ids/${id}`).length).toBeLessThanOrEqual(2);
  });

  it('may be of a schema that names another', async () => {
    const kind = JSON.stringify({ type: 'enum', name: 'shop.Side', symbols: ['BUY', 'SELL'] });
    registry.add('side', { schema: kind });
    const order = { type: 'record', name: 'shop.Order', fields: [{ name: 'side', type: 'shop.Side' }] };
    const references = [{ name: 'shop.Side', subject: 'side', version: 1 }];
    const id = registry.add('order', { schema: JSON.stringify(order), references });
    // An enum is the zigzag varint of its place: SELL is 1, written as 2.
    expect({ ...(await read(wireFormat(id, Uint8Array.of(2)))) }).toEqual({ side: 'SELL' });
  });

  it.each([
    ['naked JSON', Buffer.from('{"amount": 1}'), 'INVALID_INPUT', /does not begin with a zero byte/],
    ['cut short', wireFormat(1, Uint8Array.of(1, 2)), 'INVALID_INPUT', /the event is not of schema 1/],
    ['of a schema that nobody has', wireFormat(4711), 'NOT_FOUND', /has nothing under \/schemas\/ids\/4711/],
  ])('%s is refused, and the ones beside it are not', async (_, value, code, says) => {
    await reader.prepare([messageOf(value)]);
    expect(() => reader.read(messageOf(value))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(says) }),
    );
  });

  it('of a Protobuf schema is refused', async () => {
    const id = registry.add('proto', { schema: 'syntax = "proto3"; message A {}', schemaType: 'PROTOBUF' });
    await expect(read(wireFormat(id))).rejects.toThrow(/schema \d+ is PROTOBUF, and events are to be avro/);
  });
});

describe('a schema registry', () => {
  const message = messageOf(wireFormat(1, Uint8Array.of(0)));
  it.each([
    [500, 'UNAVAILABLE', /does not answer as it should: it answered 500/],
    [403, 'PRECONDITION_FAILED', /refuses us \(403\): check its user and password/],
  ])("that answers %s is nobody's event's fault", async (status, code, says) => {
    await using registry = await startSchemaRegistry();
    registry.failWith(status);
    const open = createSchemaRegistry({ url: registry.url });
    const prepared = createEventReader({ format: 'avro', maxEventBytes: 100, registry: open }).prepare([message]);
    await expect(prepared).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  });

  it('that is not there is waited for; its password is sent, and not shown', async () => {
    await using registry = await startSchemaRegistry({ password: 'rosebud-7' });
    const id = registry.add('number', { schema: '"int"' });
    const good = createSchemaRegistry({ url: registry.url, user: 'me', password: 'rosebud-7' });
    await expect(good.fetch(id, 'avro')).resolves.toMatchObject({ text: '"int"' });
    const bad = createSchemaRegistry({ url: registry.url, user: 'me', password: 'rosebud-8' });
    await expect(bad.fetch(id, 'avro')).rejects.not.toThrow(/rosebud/);
    await registry.close();
    const gone = createSchemaRegistry({ url: registry.url, user: 'me', password: 'rosebud-7' });
    await expect(gone.fetch(id, 'avro')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
