import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { isIP } from 'node:net';
import type { KafkaClientConfig } from '../port.ts';
import {
  type addOffsetsToTxnV4,
  type API,
  Base,
  type Broker,
  type ClusterMetadata,
  type Connection,
  type describeTransactionsV0,
  type endTxnV4,
  type findCoordinatorV6,
  type heartbeatV4,
  type initProducerIdV5,
  type joinGroupV9,
  kGetApi,
  kGetBootstrapConnection,
  kGetConnection,
  type leaveGroupV5,
  type listOffsetsV9,
  type metadataV12,
  type offsetCommitV9,
  type offsetFetchV9,
  type syncGroupV5,
  type txnOffsetCommitV4,
} from './engine.ts';
import { isPassing } from './faults.ts';

/** Requests that are asked in the newest version that both sides know; its types are those of the client's newest. */
interface Requests {
  readonly AddOffsetsToTxn: typeof addOffsetsToTxnV4.api;
  readonly DescribeTransactions: typeof describeTransactionsV0.api;
  readonly EndTxn: typeof endTxnV4.api;
  readonly FindCoordinator: typeof findCoordinatorV6.api;
  readonly Heartbeat: typeof heartbeatV4.api;
  readonly InitProducerId: typeof initProducerIdV5.api;
  readonly JoinGroup: typeof joinGroupV9.api;
  readonly LeaveGroup: typeof leaveGroupV5.api;
  readonly ListOffsets: typeof listOffsetsV9.api;
  readonly Metadata: typeof metadataV12.api;
  readonly OffsetCommit: typeof offsetCommitV9.api;
  readonly OffsetFetch: typeof offsetFetchV9.api;
  readonly SyncGroup: typeof syncGroupV5.api;
  readonly TxnOffsetCommit: typeof txnOffsetCommitV4.api;
}
type Arguments<A> = A extends API<infer Given, unknown> ? Given : never;
type Answer<A> = A extends { readonly async: (...given: never[]) => Promise<infer Response> } ? Response : never;

/** As FindCoordinator numbers them. */
const COORDINATOR = { group: 0, transaction: 1 } as const;
type CoordinatorKind = keyof typeof COORDINATOR;

/** Connections to the brokers, and requests over them. One fault of a connection ends its use: open another. */
export interface Wire {
  ask<N extends keyof Requests>(
    name: N,
    broker: Broker | undefined,
    ...given: Arguments<Requests[N]>
  ): Promise<Answer<Requests[N]>>;
  /** A request in one version, whatever newer ones both sides know. */
  askBy<Given extends unknown[], Response>(
    api: API<Given, Response>,
    broker: Broker | undefined,
    ...given: Given
  ): Promise<Response>;
  /** Work with whoever looks after a group or a transactional id, patiently; after a fault that is asked anew. */
  atCoordinator<T>(kind: CoordinatorKind, key: string, work: (coordinator: Broker) => Promise<T>): Promise<T>;
  metadata(topics: readonly string[], force?: boolean): Promise<ClusterMetadata>;
  close(): Promise<void>;
}

export interface WireOptions {
  /** Longer where a request waits for others, as joining a group does. */
  readonly requestTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
const METADATA_AGE_MS = 10_000;

export function openWire(config: KafkaClientConfig, { requestTimeoutMs }: WireOptions): Wire {
  const base = new Base({
    clientId: config.clientId,
    bootstrapBrokers: [...config.brokers],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    metadataMaxAge: METADATA_AGE_MS,
    // Whoever asks decides whether to ask again.
    retries: 0,
    ...toTls(config),
    ...(config.sasl === undefined
      ? {}
      : { sasl: { ...config.sasl, mechanism: MECHANISMS[config.sasl.mechanism] } as const }),
  });
  // The pool listens for a connection's first error only, and a second one would end the process.
  base.connections.on('connecting', ({ connection }) => void connection.on('error', () => undefined));
  const coordinators = new Map<string, Broker>();
  const wire: Wire = {
    async ask(name, broker, ...given) {
      const [api, connection] = await Promise.all([apiOf(base, name), connect(base, broker)]);
      return (await (api.async as (...all: unknown[]) => Promise<unknown>)(connection, ...given)) as never;
    },
    askBy: async (api, broker, ...given) => api.async(await connect(base, broker), ...given),
    atCoordinator: (kind, key, work) =>
      patiently(async () => {
        const name = `${kind} ${key}`;
        const coordinator = coordinators.get(name) ?? (await findCoordinator(wire, kind, key));
        coordinators.set(name, coordinator);
        try {
          return await work(coordinator);
        } catch (thrown) {
          coordinators.delete(name);
          throw thrown;
        }
      }),
    metadata: (topics, force = false) => base.metadata({ topics: [...topics], forceUpdate: force }),
    close: () => base.close(),
  };
  return wire;
}

async function findCoordinator(wire: Wire, kind: CoordinatorKind, key: string): Promise<Broker> {
  const { coordinators } = await wire.ask('FindCoordinator', undefined, COORDINATOR[kind], [key]);
  const found = coordinators.find((coordinator) => coordinator.key === key);
  if (found === undefined) throw new Error(`the broker names no coordinator for "${key}"`);
  return { host: found.host, port: found.port };
}

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** A certificate authority of one's own is trusted beside those that Node knows. */
function toTls({ tls, brokers }: KafkaClientConfig) {
  if (tls === undefined) return {};
  const { authority, certificate, key } = tls;
  const isNamed = brokers.every((broker) => isIP(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0);
  return {
    // Names are sent, addresses are not (RFC 6066).
    tlsServerName: isNamed,
    tls: {
      ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] }),
      ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
    },
  };
}

function apiOf<N extends keyof Requests>(base: Base, name: N): Promise<Requests[N]> {
  const get = promisify<string, unknown>((which, callback) => base[kGetApi](which, callback));
  return get(name) as Promise<Requests[N]>;
}

function connect(base: Base, broker: Broker | undefined): Promise<Connection> {
  const get = promisify<Connection>((callback) => {
    const done = (error: Error | null, connection?: Connection): void => callback(error, connection!);
    if (broker === undefined) base[kGetBootstrapConnection](done);
    else base[kGetConnection](broker, done);
  });
  return get();
}

const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 1_000;
const TRIES = 10;

/** Asks again while the answer is that of a broker that is busy: about four seconds long. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  let delayMs = FIRST_DELAY_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (thrown) {
      if (tries === TRIES || !isPassing(thrown)) throw thrown;
    }
    await sleep(delayMs);
    delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
  }
}
