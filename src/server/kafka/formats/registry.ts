import { z } from 'zod';
import { AristarchError, messageOf } from '../../../base/errors.ts';
import type { EventFormat } from './names.ts';

/** A schema as the registry keeps it, with those that it names. */
export interface RegisteredSchema {
  readonly id: number;
  readonly text: string;
  /** Each before those that name it: for Protobuf under its import's name, for Avro under its type's. */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}

/** The value behind the id in an event. Throws `INVALID_INPUT` when the bytes are not of the schema. */
export type SchemaReader = (bytes: Buffer) => unknown;

export interface SchemaRegistry {
  /** Fetches a schema, once. Rejects with `NOT_FOUND` or `INVALID_INPUT` when this schema is at fault. */
  fetch(id: number, format: EventFormat): Promise<RegisteredSchema>;
  /** A schema that was fetched. */
  known(id: number): RegisteredSchema | undefined;
}

export interface RegistryOptions {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const TIMEOUT_MS = 10_000;
/** Schemas name others, which name others; nobody means to go deeper. */
const MOST_REFERENCES = 100;

const schemaAnswer = z.object({
  schema: z.string(),
  // Absent for Avro.
  schemaType: z.string().default('AVRO'),
  references: z.array(z.object({ name: z.string(), subject: z.string(), version: z.number() })).default([]),
});
type SchemaAnswer = z.output<typeof schemaAnswer>;

/**
 * A client of the Schema Registry's REST API, as Confluent documents it (docs.confluent.io, "Schema Registry API
 * Reference"): `GET /schemas/ids/{id}` and, for what a schema names, `GET /subjects/{subject}/versions/{version}`.
 * A schema never changes under its id, so what was fetched is kept.
 */
export function createSchemaRegistry(options: RegistryOptions): SchemaRegistry {
  const fetched = new Map<number, RegisteredSchema>();
  async function fetchSchema(id: number, format: EventFormat): Promise<RegisteredSchema> {
    const answer = await ask(options, `/schemas/ids/${id}`);
    if (answer.schemaType !== format.toUpperCase()) {
      throw new AristarchError(
        'INVALID_INPUT',
        `schema ${id} is ${answer.schemaType}, and events are to be ${format}: send ${format}, or serve with another --kafka-format`,
        { schemaId: id },
      );
    }
    const references = await fetchReferences(options, answer);
    const schema = { id, text: answer.schema, references };
    fetched.set(id, schema);
    return schema;
  }
  return {
    known: (id) => fetched.get(id),
    fetch: async (id, format) => fetched.get(id) ?? fetchSchema(id, format),
  };
}

async function fetchReferences(
  options: RegistryOptions,
  root: SchemaAnswer,
): Promise<{ readonly name: string; readonly text: string }[]> {
  const texts = new Map<string, string>();
  const seen = new Set<string>();
  async function follow({ references }: SchemaAnswer): Promise<void> {
    for (const { name, subject, version } of references) {
      if (seen.has(name) || seen.size >= MOST_REFERENCES) continue;
      seen.add(name);
      const answer = await ask(options, `/subjects/${encodeURIComponent(subject)}/versions/${version}`);
      await follow(answer);
      texts.set(name, answer.schema);
    }
  }
  await follow(root);
  return [...texts].map(([name, text]) => ({ name, text }));
}

async function ask({ url, user, password }: RegistryOptions, path: string): Promise<SchemaAnswer> {
  const credentials = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64');
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(user === undefined ? {} : { authorization: `Basic ${credentials}` }),
  };
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((thrown: unknown) => {
    throw unavailable(url, messageOf(thrown), thrown);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.status === 404) {
    throw new AristarchError('NOT_FOUND', `the schema registry at ${url} has nothing under ${path}`, { path });
  }
  if (response.status === 401 || response.status === 403) {
    throw new AristarchError(
      'PRECONDITION_FAILED',
      `the schema registry at ${url} refuses us (${response.status}): check its user and password`,
      { status: response.status },
    );
  }
  const answer = schemaAnswer.safeParse(body);
  if (!response.ok || !answer.success) throw unavailable(url, `it answered ${response.status} to ${path}`);
  return answer.data;
}

function unavailable(url: string, why: string, cause?: unknown): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    `the schema registry at ${url} does not answer as it should: ${why}`,
    { url },
    cause,
  );
}
