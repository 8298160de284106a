import { credentials, Metadata, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';

/** PEM bytes or texts. */
export interface TlsOptions {
  /** Authorities to trust; those of the machine when absent. */
  readonly authority?: string | Buffer;
  /** The caller's own key and certificate chain, for servers that ask for one. */
  readonly key?: string | Buffer;
  readonly certificate?: string | Buffer;
  /** The name in the server's certificate, where it is not the address's. */
  readonly serverName?: string;
}

export interface ClientOptions {
  /** `host:port`, or another target of gRPC, such as `dns:///aristarch-headless:50051`. */
  readonly address: string;
  /** Absent: no encryption. `{}` trusts the machine's authorities. */
  readonly tls?: TlsOptions;
  /** A bearer token, or what answers the one to use now; asked before each try of a call. */
  readonly token?: string | (() => string | Promise<string>);
  /** Milliseconds that a call may take in all, tries and waits included; 10,000. */
  readonly deadlineMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Spreads calls over all addresses of the host's name instead of using one: for headless services. False by default. */
  readonly spread?: boolean;
  /** Longest message in bytes, both ways; 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Numbers in [0, 1) that spread waits; `Math.random` by default. */
  readonly random?: () => number;
}

export interface ResolvedOptions {
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly channel: ChannelOptions;
  /** Metadata that says who calls. */
  readonly identify: () => Promise<Metadata>;
  readonly deadlineMs: number;
  readonly retry: RetryPolicy;
  readonly random: () => number;
}

const DEFAULT_DEADLINE_MS = 10_000;
const KEEPALIVE_MS = 20_000;
const KEEPALIVE_ANSWER_MS = 5_000;
const DEFAULT_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Throws a `RangeError` that names a value that cannot be, and what may be. */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const { address, tls, token, spread = false, random = Math.random } = options;
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES;
  if (address === '') throw new RangeError('the address is empty: give host:port');
  checkAbove('deadlineMs', deadlineMs, 0);
  checkAbove('maxMessageBytes', maxMessageBytes, 0);
  checkAbove('retry.maxAttempts', retry.maxAttempts, 0);
  checkAbove('retry.multiplier', retry.multiplier, 0);
  for (const name of ['initialBackoffMs', 'maxBackoffMs'] as const) checkAbove(`retry.${name}`, retry[name], -1);
  if (token !== undefined && tls === undefined && !isLoopback(address)) {
    throw new RangeError(`a token would cross the network to ${address} in the clear: give tls as well`);
  }
  return {
    ...{ address, deadlineMs, retry, random },
    credentials: tls === undefined ? credentials.createInsecure() : createTls(tls),
    channel: toChannelOptions(spread, maxMessageBytes, tls?.serverName),
    identify: () => identify(token),
  };
}

export function checkAbove(name: string, value: number, bound: number): void {
  if (Number.isFinite(value) && value > bound) return;
  throw new RangeError(`${name} cannot be ${value}: give a number ${bound < 0 ? 'from 0 on' : `above ${bound}`}`);
}

function createTls({ authority, key, certificate }: TlsOptions): ChannelCredentials {
  if ((key === undefined) !== (certificate === undefined)) {
    throw new RangeError('tls.key and tls.certificate belong together: give both, or neither');
  }
  const toBuffer = (pem: string | Buffer | undefined) => (pem === undefined ? null : Buffer.from(pem));
  return credentials.createSsl(toBuffer(authority), toBuffer(key), toBuffer(certificate));
}

function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\]):\d+$/.test(address);
}

function toChannelOptions(spread: boolean, maxMessageBytes: number, serverName: string | undefined): ChannelOptions {
  const config = { loadBalancingConfig: [{ [spread ? 'round_robin' : 'pick_first']: {} }] };
  return {
    'grpc.service_config': JSON.stringify(config),
    // Tries are counted and spread here.
    'grpc.enable_retries': 0,
    // A server that comes back is to be found before the deadline; the library itself begins at 1 s and goes up to 2 minutes.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // A machine that is gone without a word is noticed: calls on it fail as unavailable, and are made again.
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
    ...(serverName !== undefined && { 'grpc.ssl_target_name_override': serverName }),
  };
}

async function identify(token: ClientOptions['token']): Promise<Metadata> {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${typeof token === 'string' ? token : await token()}`);
  return metadata;
}
