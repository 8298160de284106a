import { AristarchError, messageOf } from '../../../base/errors.ts';

export interface RegistryOptions {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** What the registry answered, whatever its status; the body undefined where it is no JSON. */
export interface RegistryAnswer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 10_000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/** One request. Rejects with `UNAVAILABLE` where nobody answers, and `PRECONDITION_FAILED` where we are refused. */
export async function askRegistry(
  { url, user, password }: RegistryOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<RegistryAnswer> {
  const credentials = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64');
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
    ...{ method, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) },
    headers: {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(body !== undefined && { 'content-type': MEDIA_TYPE }),
      ...(user !== undefined && { authorization: `Basic ${credentials}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((thrown: unknown) => {
    throw unavailable(url, messageOf(thrown), thrown);
  });
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new AristarchError(
      'PRECONDITION_FAILED',
      `the schema registry at ${url} refuses us (${status}): check its user and password`,
      { status },
    );
  }
  return { status, body: await response.json().catch(() => undefined) };
}

/** An answer that makes no sense here: the registry is ill, or is none. */
export function unexpected({ url }: RegistryOptions, status: number, path: string): AristarchError {
  return unavailable(url, `it answered ${status} to ${path}`);
}

function unavailable(url: string, why: string, cause?: unknown): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    `the schema registry at ${url} does not answer as it should: ${why}`,
    { url },
    cause,
  );
}
