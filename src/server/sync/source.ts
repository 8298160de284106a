import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { isName } from '../models/names.ts';

/** Where models come from: NAME/VERSION/file, and NAME/serving.json. */
export interface ModelSource {
  /** The address, without its secrets. */
  readonly shown: string;
  /** Versions by model. Throws where they cannot be known; nothing is taken for gone then. */
  list(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** The file, from a byte on, or from its start where the source cannot do that (status 200). Throws `NOT_FOUND` where there is none. */
  get(path: string, from?: number): Promise<Response>;
}

export type Send = (headers: Record<string, string>) => Promise<Response>;

const TRIES = 3;
const FIRST_REST_MS = 500;

/** Asks, and asks again where nobody answered or the source is busy. Throws `NOT_FOUND`, `DATA_UNREADABLE` or `UNAVAILABLE`. */
export async function ask(shown: string, from: number, send: Send): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
    const answer = await send(headers).catch((cause: unknown) => {
      const why = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
      return unavailable(shown, `cannot be reached: ${why}`, cause);
    });
    if (answer instanceof Response && answer.ok) return answer;
    const error = answer instanceof Response ? toStatusError(shown, answer) : answer;
    if (error.code !== 'UNAVAILABLE' || attempt === TRIES) throw error;
    await sleep(FIRST_REST_MS * 2 ** (attempt - 1));
  }
}

function toStatusError(shown: string, { status, statusText, body }: Response): AristarchError {
  void body?.cancel();
  const said = `answers ${status} ${statusText}`.trim();
  if (status === 404) return new AristarchError('NOT_FOUND', `${shown} ${said}: it is not there`, { address: shown });
  if (status >= 500 || status === 429) return unavailable(shown, said);
  const message = `${shown} ${said}: check the address, and the credentials (AWS_* variables, or user and password in the address)`;
  return new AristarchError('DATA_UNREADABLE', message, { address: shown, status });
}

function unavailable(shown: string, why: string, cause?: unknown): AristarchError {
  return new AristarchError('UNAVAILABLE', `${shown} ${why}; try again later`, { address: shown }, cause);
}

/** More are a mistake, such as the root of a bucket. */
const MOST_VERSIONS = 10_000;

/** Versions by model, of paths that end in NAME/VERSION/manifest.json; what cannot be a model or a version is not seen. */
export function groupVersions(
  shown: string,
  versions: Iterable<readonly [string, string]>,
): ReadonlyMap<string, readonly string[]> {
  const models = new Map<string, string[]>();
  let count = 0;
  for (const [model, version] of versions) {
    if (!isName(model) || !isName(version)) continue;
    models.set(model, [...(models.get(model) ?? []), version]);
    if (++count <= MOST_VERSIONS) continue;
    const message = `${shown} has more than ${MOST_VERSIONS} versions of models: name a folder with fewer`;
    throw new AristarchError('RESOURCE_EXHAUSTED', message, { address: shown });
  }
  return models;
}

/** The text of an answer of at most so many bytes; throws `RESOURCE_EXHAUSTED` for more. */
export async function readText(shown: string, response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxBytes)
      throw new AristarchError('RESOURCE_EXHAUSTED', `${shown} has more than ${maxBytes} bytes`, { address: shown });
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}
