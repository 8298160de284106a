import type { IncomingMessage, ServerResponse } from 'node:http';
import { toAristarchError, type ErrorCode } from '../../base/errors.ts';
import type { Authenticate } from '../security/authenticator.ts';
import { sendJson } from './server.ts';

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  UNAVAILABLE: 503,
};

/**
 * Whether the caller may see records: answers 401, 403 or 503 where not. A browser cannot be told to send a bearer token, but it
 * asks its user for a password: that may be the token, with any user name (RFC 7617).
 */
export async function admitToPage(
  authenticate: Authenticate | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (authenticate === undefined) return true;
  try {
    await authenticate({ authorization: toBearer(request.headers.authorization) }, 'score');
    return true;
  } catch (thrown) {
    const error = toAristarchError(thrown);
    const status = STATUS[error.code];
    if (status === undefined) throw error;
    if (status === 401)
      response.setHeader('www-authenticate', 'Basic realm="Aristarch: the token is the password", charset="UTF-8"');
    sendJson(response, status, { error: error.message });
    return false;
  }
}

function toBearer(authorization: string | undefined): string | undefined {
  const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return authorization;
  const password = Buffer.from(basic, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
  return `Bearer ${password}`;
}
