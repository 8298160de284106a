import { toAristarchError, type ErrorCode } from '../../base/errors.ts';
import type { Rejection } from '../metrics/batching.ts';
import type { Authenticate } from './authenticator.ts';
import type { Security } from './security.ts';

const REASONS: Partial<Readonly<Record<ErrorCode, Rejection>>> = {
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'permission_denied',
  RESOURCE_EXHAUSTED: 'rate_limit',
};

/** The same security, which tells of each caller that it turns away. */
export function countRejections<S extends Pick<Security, 'authenticate' | 'authenticateToken' | 'rates'>>(
  security: S,
  onRejection: (reason: Rejection) => void,
): S {
  const tell = (thrown: unknown): never => {
    const reason = REASONS[toAristarchError(thrown).code];
    if (reason !== undefined) onRejection(reason);
    throw thrown;
  };
  const counted = (authenticate: Authenticate | undefined): Authenticate | undefined =>
    authenticate && ((shown, role) => authenticate(shown, role).catch(tell));
  const metered =
    <A extends readonly unknown[]>(count: (...args: A) => void) =>
    (...args: A): void => {
      try {
        count(...args);
      } catch (thrown) {
        tell(thrown);
      }
    };
  const { authenticate, authenticateToken, rates } = security;
  return {
    ...security,
    authenticate: counted(authenticate),
    authenticateToken: counted(authenticateToken),
    rates: rates && { countRequest: metered(rates.countRequest), countRows: metered(rates.countRows) },
  };
}
