import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { ROLES, type Principal, type Role } from './principal.ts';

export interface JwtOptions {
  /** http(s) address or file of the key set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  readonly rolesClaim: string;
}

/** Signatures by a private key only: a key set is public, and a shared secret in it would be known to all. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Between the clocks of the issuer and of this machine. */
const CLOCK_TOLERANCE_S = 30;

export type JwtVerifier = (token: string) => Promise<Principal>;

/**
 * Checks JWTs (RFC 7519) against a key set (RFC 7517): signature, issuer, audience, `exp` (which must be there) and `nbf`.
 * Throws at once for a file that holds no key set. The verifier throws `UNAUTHENTICATED` for a token that does not hold, and
 * `UNAVAILABLE` when the key set cannot be had.
 */
export async function createJwtVerifier({ jwks, issuer, audience, rolesClaim }: JwtOptions): Promise<JwtVerifier> {
  const keys = isUrl(jwks) ? createRemoteJWKSet(new URL(jwks)) : await readKeySet(jwks);
  const checks = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub'],
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, checks);
      return { name: payload.sub!, roles: rolesOf(payload, rolesClaim) };
    } catch (cause) {
      throw toJwtError(cause, jwks);
    }
  };
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

async function readKeySet(path: string): Promise<JWTVerifyGetKey> {
  try {
    return createLocalJWKSet(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet);
  } catch (cause) {
    throw new AristarchError(
      'INVALID_INPUT',
      `${path} holds no key set (${messageOf(cause)}): give a JWKS file, or its address`,
      { path },
    );
  }
}

function rolesOf(payload: JWTPayload, claim: string): readonly Role[] {
  const value = payload[claim];
  const names: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return ROLES.filter((role) => names.includes(role));
}

/** Codes of jose that tell of the key set, not of the token. */
const FAULTS_OF_KEY_SETS = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];

/** jose says what is wrong with a token in a code; anything else means that the keys could not be had. */
function toJwtError(cause: unknown, jwks: string): AristarchError {
  if (cause instanceof errors.JOSEError && !FAULTS_OF_KEY_SETS.includes(cause.code))
    return new AristarchError('UNAUTHENTICATED', `the bearer token is not accepted: ${cause.message}`, {
      reason: cause.code,
    });
  return new AristarchError(
    'UNAVAILABLE',
    `the token cannot be checked at present: the key set at ${jwks} cannot be had (${messageOf(cause)})`,
    {},
  );
}
