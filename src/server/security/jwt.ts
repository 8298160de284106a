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
import { isWebAddress } from '../../base/setting-schemas.ts';
import type { Clock } from '../clock.ts';
import { ROLES, type Principal, type Role } from './principal.ts';
import { watchFiles, type WatchedFiles } from './watched-files.ts';

export interface JwtOptions {
  /** http(s) address or file of the key set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  readonly rolesClaim: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** How often a file of keys is looked at. */
  readonly intervalMs: number;
  /** Told of each change of the file: taken, or refused with the reason. */
  readonly onChange: WatchedFiles<'keys'>['onChange'];
  /** Told why the keys at an address cannot be had, once for each row of failures: callers are not told the address. */
  readonly onFault: (fault: AristarchError) => void;
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

export interface JwtVerifier {
  /** Throws `UNAUTHENTICATED` for a token that does not hold, and `UNAVAILABLE` when the key set cannot be had. */
  readonly verify: (token: string) => Promise<Principal>;
  /** Looks at the file now. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

interface KeySource {
  /** Another one when the keys have changed. */
  readonly keys: () => JWTVerifyGetKey;
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Checks JWTs (RFC 7519) against a key set (RFC 7517): signature, issuer, audience, `exp` (which must be there) and `nbf`.
 * Throws at once for a file that holds no key set. Who was known by a token is so until it expires, or the file of keys changes.
 */
export async function createJwtVerifier(options: JwtOptions): Promise<JwtVerifier> {
  const { jwks, issuer, audience, rolesClaim, clock } = options;
  const { keys, reload, stop } = isWebAddress(jwks) ? keysAt(jwks) : await keysOf(options);
  const tellOnce = createOnce(options.onFault);
  const checks = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub'],
  };
  const verify = async (token: string): Promise<Principal> => {
    const current = keys();
    const { payload } = await jwtVerify(token, current, { ...checks, currentDate: new Date(clock.wallMs()) }).catch(
      (cause: unknown) => {
        if (isTokensFault(cause)) throw tokenRefused(cause);
        tellOnce(keysMissing(jwks, cause));
        throw new AristarchError(
          'UNAVAILABLE',
          "the token cannot be checked at present: its issuer's keys cannot be had",
        );
      },
    );
    tellOnce(undefined);
    const untilMs = 1000 * (payload.exp! + CLOCK_TOLERANCE_S);
    const holds = (): boolean => current === keys() && clock.wallMs() < untilMs;
    return { name: payload.sub!, roles: rolesOf(payload, rolesClaim), holds };
  };
  return { verify, reload, stop };
}

function keysAt(address: string): KeySource {
  const keys = createRemoteJWKSet(new URL(address));
  return { keys: () => keys, reload: () => Promise.resolve(), stop: () => undefined };
}

async function keysOf({ jwks: path, intervalMs, onChange }: JwtOptions): Promise<KeySource> {
  let current: JWTVerifyGetKey | undefined;
  const watched = await watchFiles<'keys'>({
    paths: { keys: path },
    intervalMs,
    onChange,
    use: ({ keys }) => {
      current = parseKeySet(keys.toString('utf8'), path);
    },
  });
  return { keys: () => current!, reload: watched.look, stop: watched.stop };
}

function parseKeySet(text: string, path: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
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
function isTokensFault(cause: unknown): cause is errors.JOSEError {
  return cause instanceof errors.JOSEError && !FAULTS_OF_KEY_SETS.includes(cause.code);
}

function tokenRefused({ message, code }: errors.JOSEError): AristarchError {
  return new AristarchError('UNAUTHENTICATED', `the bearer token is not accepted: ${message}`, { reason: code });
}

/** An address without the query, in which some issuers want a key; or a file. */
function keysMissing(jwks: string, cause: unknown): AristarchError {
  const place = isWebAddress(jwks) ? new URL(jwks) : undefined;
  const address = place === undefined ? jwks : `${place.origin}${place.pathname}`;
  const message = `the key set at ${address} cannot be had (${messageOf(cause)}): JWTs cannot be checked`;
  return new AristarchError('UNAVAILABLE', message, { address });
}

/** Passes a fault on when it is the first since all was well (undefined). */
function createOnce(tell: (fault: AristarchError) => void): (fault: AristarchError | undefined) => void {
  let told = false;
  return (fault) => {
    if (fault !== undefined && !told) tell(fault);
    told = fault !== undefined;
  };
}
