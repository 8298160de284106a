import protobuf from 'protobufjs';
import { AristarchError, messageOf } from '../../../base/errors.ts';
import type { RegisteredSchema, SchemaReader } from './registry.ts';

/**
 * Reads Protobuf. Behind the schema's id stand the places of the message's type: which of the file's messages, which of the
 * messages in that, and so on, as zigzag varints after their count; a single zero is short for the first message.
 */
export function createProtobufReader({ id, text, references }: RegisteredSchema): SchemaReader {
  const root = new protobuf.Root();
  const file = tryTo(`schema ${id} is no Protobuf file`, () => {
    const parsed = protobuf.parse(text, root, { keepCase: true });
    // Before others join them in the same package: places count the messages of this file only.
    const messages = messagesIn(parsed.package === undefined ? root : root.lookup(parsed.package));
    for (const reference of references) protobuf.parse(reference.text, root, { keepCase: true });
    addWellKnownTypes(root);
    root.resolveAll();
    return messages;
  });
  return (bytes) =>
    tryTo(`the event is not of schema ${id}`, () => {
      const reader = protobuf.Reader.create(bytes);
      const type = findMessage(file, readPlaces(reader));
      const message = type.decode(reader);
      const record = type.toObject(message, { longs: Number, enums: String, bytes: Buffer, defaults: true });
      return simplify(type, record);
    });
}

function messagesIn(namespace: protobuf.ReflectionObject | null): protobuf.Type[] {
  if (!(namespace instanceof protobuf.Namespace)) return [];
  return namespace.nestedArray.filter((nested): nested is protobuf.Type => nested instanceof protobuf.Type);
}

function addWellKnownTypes(root: protobuf.Root): void {
  for (const name of ['timestamp', 'wrappers', 'duration', 'struct', 'any', 'empty']) {
    const nested = protobuf.common.get(`google/protobuf/${name}.proto`)?.nested;
    const google = root.lookup('google.protobuf');
    const present = google instanceof protobuf.Namespace ? google : root.define('google.protobuf');
    const types = (nested as GoogleNested | undefined)?.google?.nested.protobuf.nested ?? {};
    for (const [type, json] of Object.entries(types)) {
      if (present.get(type) === null) present.addJSON({ [type]: json });
    }
  }
}

interface GoogleNested {
  readonly google?: {
    readonly nested: { readonly protobuf: { readonly nested: Record<string, protobuf.AnyNestedObject> } };
  };
}

const MOST_PLACES = 32;

function readPlaces(reader: protobuf.Reader): number[] {
  const count = reader.sint32();
  if (count === 0) return [0];
  if (count < 0 || count > MOST_PLACES) throw new Error(`${count} places of a message's type`);
  return Array.from({ length: count }, () => reader.sint32());
}

function findMessage(file: readonly protobuf.Type[], places: readonly number[]): protobuf.Type {
  let [messages, found] = [file, undefined as protobuf.Type | undefined];
  for (const place of places) {
    found = messages[place];
    if (found === undefined) throw new Error(`the schema has no message at ${places.join(', ')}`);
    messages = messagesIn(found);
  }
  return found!;
}

/** A time becomes milliseconds since 1970, and a wrapped value the value. */
function simplify(type: protobuf.Type, record: Record<string, unknown>): Record<string, unknown> {
  for (const field of type.fieldsArray) {
    const value = record[field.name];
    const name = field.resolvedType?.fullName ?? '';
    if (typeof value !== 'object' || value === null || field.repeated) continue;
    if (name === '.google.protobuf.Timestamp') record[field.name] = toMilliseconds(value);
    else if (/^\.google\.protobuf\.\w+Value$/.test(name) && 'value' in value) record[field.name] = value.value;
  }
  return record;
}

function toMilliseconds(time: { seconds?: unknown; nanos?: unknown }): number {
  return Number(time.seconds ?? 0) * 1000 + Number(time.nanos ?? 0) / 1e6;
}

function tryTo<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new AristarchError('INVALID_INPUT', `${what}: ${messageOf(thrown)}`, {}, thrown);
  }
}
