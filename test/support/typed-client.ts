import { afterEach } from '@jest/globals';
import {
  type AristarchClient,
  CallError,
  type ClientOptions,
  createClient,
  type FieldValues,
} from '../../clients/typescript/src/index.ts';

/** Clients of the package in clients/typescript, closed after each test. */
export function createTypedClientFixture(): (
  address: string,
  options?: Omit<ClientOptions, 'address'>,
) => AristarchClient {
  const open: AristarchClient[] = [];
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });
  return (address, options = {}) => {
    const client = createClient({ address, ...options });
    open.push(client);
    return client;
  };
}

/** The error that a call ends with; fails where it succeeds. */
export async function callErrorOf(call: Promise<unknown>): Promise<CallError> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof CallError) return thrown;
  throw new Error(`the call ended otherwise: ${String(thrown)}`);
}

/** A record of the detector double; its score is `amount`. */
export function payment(amount: number): FieldValues {
  return { amount, country: 'DE', online: true, at: new Date(Date.UTC(2026, 0, 1)) };
}
