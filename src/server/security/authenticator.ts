import type { PeerCertificate } from 'node:tls';
import { AristarchError } from '../../base/errors.ts';
import type { JwtVerifier } from './jwt.ts';
import { mayAct, type Principal, type Role } from './principal.ts';
import type { TokenFile } from './token-file.ts';

/** What a caller has shown. */
export interface Shown {
  /** Value of the header `authorization`. */
  readonly authorization?: string | undefined;
  /** Verified by TLS already. */
  readonly certificate?: Pick<PeerCertificate, 'subject'> | undefined;
}

export interface AuthenticatorParts {
  readonly tokens?: TokenFile | undefined;
  readonly jwt?: JwtVerifier | undefined;
  /** Clients must show certificates; common names in `adminNames` are admins. */
  readonly certificates?: { readonly adminNames: readonly string[] } | undefined;
}

/** Who calls; throws `UNAUTHENTICATED` where that was not shown, and `PERMISSION_DENIED` where the role is not theirs. */
export type Authenticate = (shown: Shown, role: Role) => Promise<Principal>;

/** Undefined where nothing is asked of callers. Where tokens and certificates are configured, both must be shown, and the token decides. */
export function createAuthenticator({ tokens, jwt, certificates }: AuthenticatorParts): Authenticate | undefined {
  const wantsTokens = tokens !== undefined || jwt !== undefined;
  if (!wantsTokens && certificates === undefined) return undefined;
  return async (shown, role) => {
    const principal = wantsTokens
      ? await principalOfToken(bearerToken(shown.authorization), tokens, jwt)
      : principalOfCertificate(shown, certificates!.adminNames);
    if (mayAct(principal, role)) return principal;
    throw new AristarchError(
      'PERMISSION_DENIED',
      `"${principal.name}" has not the role ${role}, which this call needs`,
      {
        role,
        has: principal.roles,
      },
    );
  };
}

/** RFC 6750, section 2.1: `Bearer` and the token. */
function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token !== undefined) return token;
  throw new AristarchError(
    'UNAUTHENTICATED',
    'this server wants a bearer token: send the metadata "authorization: Bearer <token>"',
  );
}

async function principalOfToken(token: string, tokens?: TokenFile, jwt?: JwtVerifier): Promise<Principal> {
  const known = tokens?.find(token);
  if (known !== undefined) return known;
  // Three parts between dots: a JWT in its compact form (RFC 7519, section 3).
  if (jwt !== undefined && token.split('.').length === 3) return jwt.verify(token);
  throw new AristarchError(
    'UNAUTHENTICATED',
    'the bearer token is not known here: ask whoever runs this server for one',
  );
}

function principalOfCertificate({ certificate }: Shown, adminNames: readonly string[]): Principal {
  const name = certificate?.subject.CN;
  if (typeof name === 'string' && name !== '')
    return { name, roles: adminNames.includes(name) ? ['admin'] : ['score'] };
  throw new AristarchError('UNAUTHENTICATED', 'this server wants a client certificate with a common name');
}
