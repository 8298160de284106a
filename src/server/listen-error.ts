import { AristarchError } from '../base/errors.ts';

export interface ListenTarget {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** The flag that chooses the port. */
  readonly flag: string;
}

const NOT_KNOWN = (): string => 'the host name is not known; use 127.0.0.1, or 0.0.0.0 for every interface';

const REASONS: Readonly<Record<string, (target: ListenTarget) => string>> = {
  EADDRINUSE: ({ flag }) =>
    `it is in use; stop the other process, or choose another port with ${flag} (0 takes any free one)`,
  EACCES: ({ flag }) => `this user may not open it; choose a port above 1023 with ${flag}`,
  EADDRNOTAVAIL: () => 'this machine has no such address; use 127.0.0.1, or 0.0.0.0 for every interface',
  ENOTFOUND: NOT_KNOWN,
  EAI_AGAIN: NOT_KNOWN,
  // So say grpc-js and its resolver.
  'Name resolution failed': NOT_KNOWN,
  'Failed to parse DNS address': NOT_KNOWN,
};

/** Why a server could not listen, in words for the person who started it. grpc-js gives the system's code only in its text. */
export function toListenError(target: ListenTarget, thrown: unknown): AristarchError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const [, explain] = Object.entries(REASONS).find(([code]) => message.includes(code)) ?? [];
  const { service, host, port } = target;
  const why = host.startsWith('[')
    ? `give an IPv6 address without brackets, ${host.replace(/[[\]]/g, '')}`
    : explain?.(target);
  return new AristarchError(
    'UNAVAILABLE',
    `${service} cannot listen on port ${port} of ${host}: ${why ?? message}`,
    { service, host, port },
    thrown,
  );
}

export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
