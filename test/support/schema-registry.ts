import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import avro from 'avsc';
import protobuf from 'protobufjs';

export interface TestSchema {
  readonly schema: string;
  readonly schemaType?: 'AVRO' | 'PROTOBUF';
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

/** A schema registry in memory that answers as Confluent's API reference says; a second client registers at it (below). */
export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** Registers under a subject, as its next version; answers the id. */
  add(subject: string, schema: TestSchema): number;
  /** Answers every request with this status instead, until it is 0. */
  failWith(status: number): void;
  close(): Promise<void>;
}

export async function startSchemaRegistry(options: { readonly password?: string } = {}): Promise<TestRegistry> {
  const schemas: TestSchema[] = [];
  const subjects = new Map<string, number[]>();
  const asked: string[] = [];
  let failure = 0;
  function add(subject: string, schema: TestSchema): number {
    const known = schemas.findIndex((each) => JSON.stringify(each) === JSON.stringify(schema));
    const id = known >= 0 ? known + 1 : schemas.push(schema);
    subjects.set(subject, [...(subjects.get(subject) ?? []), id]);
    return id;
  }
  const routes: readonly [RegExp, (parts: readonly string[], body: string) => object | undefined][] = [
    [/^GET \/schemas\/ids\/(\d+)$/, ([id]) => shown(schemas[Number(id) - 1])],
    [
      /^GET \/subjects\/([^/]+)\/versions\/(\d+)$/,
      ([subject, version]) => {
        const id = subjects.get(decodeURIComponent(subject!))?.[Number(version) - 1];
        const found = id === undefined ? undefined : shown(schemas[id - 1]);
        return found && { subject, version: Number(version), id, ...found };
      },
    ],
    [
      /^POST \/subjects\/([^/]+)\/versions$/,
      ([subject], body) => ({ id: add(decodeURIComponent(subject!), JSON.parse(body) as TestSchema) }),
    ],
    [
      /^POST \/subjects\/([^/]+)$/,
      ([subject], body) => {
        const ids = subjects.get(decodeURIComponent(subject!)) ?? [];
        const wanted = JSON.parse(body) as TestSchema;
        const id = ids.find((each) => schemas[each - 1]!.schema === wanted.schema);
        return id === undefined ? undefined : { subject, id, version: ids.indexOf(id) + 1, ...wanted };
      },
    ],
    [
      /^POST \/compatibility\/subjects\/([^/]+)\/versions\/latest\?verbose=true$/,
      ([subject], body) => {
        const latest = subjects.get(decodeURIComponent(subject!))?.at(-1);
        if (latest === undefined) return undefined;
        const messages = misfits(schemas[latest - 1]!, JSON.parse(body) as TestSchema);
        return { is_compatible: messages.length === 0, messages };
      },
    ],
    [/^GET \/config\/([^/]+)$/, () => ({ compatibilityLevel: 'BACKWARD' })],
  ];
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = `${request.method} ${request.url ?? ''}`;
    asked.push(path);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
    const wanted = `Basic ${Buffer.from(`me:${options.password ?? ''}`).toString('base64')}`;
    if (options.password !== undefined && request.headers.authorization !== wanted) {
      refuse(response, 401);
      return;
    }
    if (failure !== 0) {
      refuse(response, failure);
      return;
    }
    for (const [pattern, find] of routes) {
      const match = pattern.exec(path);
      const found = match && find(match.slice(1), body);
      if (found) return void response.end(JSON.stringify(found));
    }
    refuse(response, 404);
  }
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, add, failWith: (status) => (failure = status), close, [Symbol.asyncDispose]: close };
}

/** Why readers of the next schema cannot read what was written by the one before (BACKWARD), as far as tests need it. */
function misfits(before: TestSchema, next: TestSchema): string[] {
  if (before.schemaType !== next.schemaType && (before.schemaType ?? 'AVRO') !== (next.schemaType ?? 'AVRO'))
    return [`the type was ${before.schemaType ?? 'AVRO'}`];
  if (next.schemaType === 'PROTOBUF') return changedFields(before.schema, next.schema);
  const typeOf = ({ schema }: TestSchema): avro.Type => avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
  try {
    typeOf(next).createResolver(typeOf(before));
    return [];
  } catch (thrown) {
    return [String(thrown)];
  }
}

function changedFields(before: string, next: string): string[] {
  const fieldsOf = (text: string): protobuf.Field[] => {
    const { root, package: name } = protobuf.parse(text);
    const messages = (name === undefined ? root : (root.lookup(name) as protobuf.Namespace)).nestedArray;
    return messages.filter((each): each is protobuf.Type => each instanceof protobuf.Type)[0]!.fieldsArray;
  };
  const types = new Map(fieldsOf(before).map(({ id, type }) => [id, type]));
  const changed = fieldsOf(next).filter(({ id, type }) => (types.get(id) ?? type) !== type);
  return changed.map(({ id, type }) => `field ${id} was ${types.get(id)} and is ${type}`);
}

/** The type is left out for Avro, as the API does. */
function shown(found: TestSchema | undefined): object | undefined {
  if (found === undefined) return undefined;
  const { schema, schemaType, references } = found;
  return { schema, ...(schemaType === 'PROTOBUF' && { schemaType }), ...(references && { references }) };
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end(JSON.stringify({ error_code: status === 404 ? 40403 : status, message: 'refused, says the test' }));
}

/** A value behind the id of its schema. */
export function wireFormat(id: number, ...rest: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...rest]);
}
