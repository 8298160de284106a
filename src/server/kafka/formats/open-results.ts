import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AristarchError } from '../../../base/errors.ts';
import { askRegistry, type RegistryOptions, unexpected } from './ask-registry.ts';
import type { EventFormat, ResultSchemaMode } from './names.ts';
import { createAvroResults } from './result-avro.ts';
import { JSON_RESULTS, type ResultFormat } from './result-format.ts';
import { createProtobufResults } from './result-protobuf.ts';

export interface ResultOptions {
  readonly resultFormat: EventFormat;
  readonly resultSchema: ResultSchemaMode;
  readonly topicOut: string;
  /** Needed by every format but JSON. */
  readonly registry?: RegistryOptions | undefined;
}

const CONTRACTS = {
  avro: { file: 'result.avsc', create: createAvroResults },
  protobuf: { file: 'result.proto', create: createProtobufResults },
} as const;

/**
 * How results are to be written. For Avro and Protobuf their schema is registered as `<topic>-value` (or looked up there), once:
 * rejects with `PRECONDITION_FAILED` where the registry finds it does not fit the one before, `NOT_FOUND` where it must be there and is
 * not, `UNAVAILABLE` where the registry does not answer.
 */
export async function openResults(options: ResultOptions): Promise<ResultFormat> {
  const { resultFormat, resultSchema, topicOut, registry } = options;
  if (resultFormat === 'json') return JSON_RESULTS;
  if (registry === undefined)
    throw new AristarchError('INVALID_INPUT', `results as ${resultFormat} need a schema registry: give its address`);
  const { file, create } = CONTRACTS[resultFormat];
  const schema = await readFile(new URL(`../../../../proto/aristarch/events/v1/${file}`, import.meta.url), 'utf8');
  const subject = `${topicOut}-value`;
  const asked = { registry, subject, file, body: { schema, schemaType: resultFormat.toUpperCase() } };
  return create(await (resultSchema === 'register' ? register(asked) : lookUp(asked)), schema);
}

interface Asked {
  readonly registry: RegistryOptions;
  readonly subject: string;
  readonly file: string;
  readonly body: { readonly schema: string; readonly schemaType: string };
}

/** Four bytes of the wire format are the id. */
const LARGEST_ID = 2 ** 32 - 1;
const idAnswer = z.object({ id: z.number().int().min(0).max(LARGEST_ID) });
const fitAnswer = z.object({ is_compatible: z.boolean(), messages: z.array(z.string()).default([]) });

/** `POST /subjects/{subject}`: the id under which the schema is registered there. */
async function lookUp({ registry, subject, file, body }: Asked): Promise<number> {
  const path = `/subjects/${encodeURIComponent(subject)}`;
  const { status, body: answer } = await askRegistry(registry, 'POST', path, body);
  if (status === 404) {
    throw new AristarchError(
      'NOT_FOUND',
      `the schema registry at ${registry.url} has not this version's schema of results as "${subject}": ` +
        `register proto/aristarch/events/v1/${file} there, or serve with --kafka-result-schema register`,
      { subject },
    );
  }
  return idIn(registry, status, path, answer);
}

/** `POST /compatibility/...` to hear why not, then `POST /subjects/{subject}/versions`, which answers a known schema's id as well. */
async function register(asked: Asked): Promise<number> {
  const { registry, subject, body } = asked;
  const name = encodeURIComponent(subject);
  const asking = `/compatibility/subjects/${name}/versions/latest?verbose=true`;
  const fit = await askRegistry(registry, 'POST', asking, body);
  // 404: nothing is registered yet, and everything fits.
  if (fit.status !== 404) {
    const answer = fitAnswer.safeParse(fit.body);
    if (fit.status === 422) throw unfit(asked, [messageIn(fit.body)]);
    if (fit.status !== 200 || !answer.success) throw unexpected(registry, fit.status, asking);
    if (!answer.data.is_compatible) throw unfit(asked, answer.data.messages);
  }
  const path = `/subjects/${name}/versions`;
  const { status, body: answer } = await askRegistry(registry, 'POST', path, body);
  if (status === 409 || status === 422) throw unfit(asked, [messageIn(answer)]);
  return idIn(registry, status, path, answer);
}

function idIn(registry: RegistryOptions, status: number, path: string, body: unknown): number {
  const answer = idAnswer.safeParse(body);
  if (status !== 200 || !answer.success) throw unexpected(registry, status, path);
  return answer.data.id;
}

function messageIn(body: unknown): string {
  const answer = z.object({ message: z.string() }).safeParse(body);
  return answer.success ? answer.data.message : 'it does not say why';
}

function unfit({ registry, subject }: Asked, reasons: readonly string[]): AristarchError {
  const why = reasons.length === 0 ? 'it does not say why' : reasons.join('; ');
  return new AristarchError(
    'PRECONDITION_FAILED',
    `the schema registry at ${registry.url} does not take the schema of results as a next version of "${subject}" (${why}): ` +
      'choose another --topic-out, or another compatibility of that subject',
    { subject },
  );
}
