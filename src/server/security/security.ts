import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { AristarchError } from '../../base/errors.ts';
import { readTrustedKey } from '../../models/artefact/signature.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import { createAuthenticator, type Authenticate } from './authenticator.ts';
import { gapsOf } from './gaps.ts';
import type { JwtVerifier } from './jwt.ts';
import { createRateLimits, type RateMeter } from './rate-limits.ts';
import { openTlsSource, type TlsSource } from './tls-material.ts';
import { openTokenFile, type TokenFile } from './token-file.ts';

/** Who may call and how much, for all entrances; what is undefined is not asked for. */
export interface Security {
  readonly tls: TlsSource | undefined;
  readonly authenticate: Authenticate | undefined;
  /** For callers that can show no client certificate, as browsers do; undefined where no tokens are configured. */
  readonly authenticateToken: Authenticate | undefined;
  readonly rates: RateMeter | undefined;
  /** Models are served that one of these keys signed; all are where it is undefined. */
  readonly trustedKeys: readonly KeyObject[] | undefined;
  /** No longer looks at the files. */
  close(): void;
}

export interface SecurityParts {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Reads certificates, keys and tokens; throws `NOT_FOUND` or `INVALID_INPUT` for what cannot be used. */
export async function openSecurity(parts: SecurityParts): Promise<Security> {
  const { config, clock, log } = parts;
  const opened: { stop(): void }[] = [];
  const close = (): void => opened.forEach((each) => each.stop());
  try {
    const tls = await openTls(parts);
    if (tls !== undefined) opened.push(tls);
    const tokens = await openTokens(parts);
    if (tokens !== undefined) opened.push(tokens);
    const jwt = await openJwt(parts);
    if (jwt !== undefined) opened.push(jwt);
    for (const gap of gapsOf(config)) log.warn(gap);
    const trustedKeys = await openTrustedKeys(config);
    const certificates = config.tlsClientCa === undefined ? undefined : { adminNames: config.tlsAdminNames };
    return {
      tls,
      authenticate: createAuthenticator({ tokens, jwt, certificates }),
      authenticateToken: createAuthenticator({ tokens, jwt }),
      rates: createRateLimits({ rows: config.rateLimitRows, requests: config.rateLimitRequests }, clock),
      trustedKeys,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function openTrustedKeys({ trustedKeys: paths }: ServeConfig): Promise<readonly KeyObject[] | undefined> {
  return paths && Promise.all(paths.map((path) => readTrustedKey(path)));
}

async function openTls({ config, clock, log }: SecurityParts): Promise<TlsSource | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, reloadIntervalMs: intervalMs } = config;
  if (cert === undefined || key === undefined) return undefined;
  const onChange = sayChange(log, 'the TLS certificate, key and authorities');
  return openTlsSource({ files: { cert, key, clientCa }, intervalMs, clock, onChange });
}

async function openTokens({ config, log }: SecurityParts): Promise<TokenFile | undefined> {
  const { tokens: path, reloadIntervalMs: intervalMs } = config;
  return path === undefined
    ? undefined
    : openTokenFile({ path, intervalMs, onChange: sayChange(log, 'the bearer tokens') });
}

async function openJwt({ config, clock, log }: SecurityParts): Promise<JwtVerifier | undefined> {
  const { jwks, jwtIssuer: issuer, jwtAudience: audience, jwtRolesClaim: rolesClaim, reloadIntervalMs } = config;
  if (jwks === undefined || issuer === undefined || audience === undefined) return undefined;
  const { createJwtVerifier } = await import('./jwt.ts');
  return createJwtVerifier({
    ...{ jwks, issuer, audience, rolesClaim, clock, intervalMs: reloadIntervalMs },
    onChange: sayChange(log, 'the key set of JWTs'),
    onFault: (fault) => log.error({ err: fault }, 'callers with a JWT are turned away: its keys cannot be had'),
  });
}

function sayChange(log: Logger, what: string): (refused: AristarchError | undefined) => void {
  return (refused) => {
    if (refused === undefined) log.info(`${what} changed; new connections use the new ones`);
    else log.error({ err: refused }, `${what} changed and cannot be used; the old ones stay in use`);
  };
}
