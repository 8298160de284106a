import { describe, expect, it } from '@jest/globals';
import { createAvroReader } from '../../../../src/server/kafka/formats/avro.ts';
import { createProtobufReader } from '../../../../src/server/kafka/formats/protobuf.ts';

/** Names that would be code, where somebody put them into a function's text as they are. */
const NAMES = [
  'x"];globalThis.reached=1;//',
  "x'];globalThis.reached=1;//",
  'x;globalThis.reached=1',
  '`${globalThis.reached=1}`',
];

const reached = (): boolean => 'reached' in globalThis;

describe.each(NAMES)('a schema of the registry with the name %j', (name) => {
  it('is refused as Avro, and nothing of it runs', () => {
    for (const schema of [
      { type: 'record', name: 'Event', fields: [{ name, type: 'double' }] },
      { type: 'record', name, fields: [{ name: 'x', type: 'double' }] },
      { type: 'enum', name: 'Kind', symbols: [name] },
    ]) {
      const read = () => createAvroReader({ id: 1, text: JSON.stringify(schema), references: [] })(Buffer.alloc(8));
      expect(read).toThrow(/schema 1/);
      expect(reached()).toBe(false);
    }
  });

  it('is refused as Protobuf, and nothing of it runs', () => {
    for (const text of [
      `syntax = "proto3"; message Event { double ${name} = 1; }`,
      `syntax = "proto3"; message ${name} { double x = 1; }`,
      `syntax = "proto3"; message Event { double x = 1 [json_name = ${JSON.stringify(name)}]; }`,
    ]) {
      try {
        createProtobufReader({ id: 1, text, references: [] })(Buffer.from([0, 9, 0, 0, 0, 0, 0, 0, 0, 0]));
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'INVALID_INPUT' });
      }
      expect(reached()).toBe(false);
    }
  });
});
