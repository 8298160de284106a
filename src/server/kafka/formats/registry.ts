import { z } from 'zod';
import { AristarchError } from '../../../base/errors.ts';
import { askRegistry, type RegistryOptions, unexpected } from './ask-registry.ts';
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

async function ask(options: RegistryOptions, path: string): Promise<SchemaAnswer> {
  const { status, body } = await askRegistry(options, 'GET', path);
  if (status === 404) {
    throw new AristarchError('NOT_FOUND', `the schema registry at ${options.url} has nothing under ${path}`, { path });
  }
  const answer = schemaAnswer.safeParse(body);
  if (status !== 200 || !answer.success) throw unexpected(options, status, path);
  return answer.data;
}
