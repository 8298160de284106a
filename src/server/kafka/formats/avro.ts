import avro from 'avsc';
import { AristarchError, messageOf } from '../../../base/errors.ts';
import type { RegisteredSchema, SchemaReader } from './registry.ts';

/** Milliseconds of one unit of Avro's times; other logical types are read as what lies under them. */
const TIMES = { 'timestamp-millis': 1, 'timestamp-micros': 1e-3, date: 86_400_000 } as const;

function timeOf(unitMs: number): new (schema: avro.Schema, options?: unknown) => avro.types.LogicalType {
  return class extends avro.types.LogicalType {
    protected override _fromValue(value: number): number {
      return value * unitMs;
    }
  };
}

const LOGICAL_TYPES = Object.fromEntries(Object.entries(TIMES).map(([name, unitMs]) => [name, timeOf(unitMs)]));

/** Reads Avro's binary encoding by the writer's schema; times become milliseconds since 1970. */
export function createAvroReader({ id, text, references }: RegisteredSchema): SchemaReader {
  const registry: Record<string, avro.Type> = {};
  const parse = (schema: string): avro.Type =>
    avro.Type.forSchema(JSON.parse(schema) as avro.Schema, { registry, logicalTypes: LOGICAL_TYPES });
  const type = tryTo(`schema ${id} is no Avro schema`, () => {
    for (const reference of references) parse(reference.text);
    return parse(text);
  });
  return (bytes) => tryTo(`the event is not of schema ${id}`, () => type.fromBuffer(bytes) as unknown);
}

/** Writes Avro's binary encoding by a schema of our own. */
export function createAvroWriter(schema: string): (value: object) => Uint8Array {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
  return (value) => type.toBuffer(value);
}

function tryTo<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new AristarchError('INVALID_INPUT', `${what}: ${messageOf(thrown)}`, {}, thrown);
  }
}
