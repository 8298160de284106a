import { text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

const MiB = 2 ** 20;

/** Settings of the gRPC entrance. */
export const GRPC_SETTINGS = defineSettings({
  grpcHost: {
    schema: text(),
    default: '127.0.0.1',
    flag: '--grpc-host <address>',
    env: 'ARISTARCH_GRPC_HOST',
    help: 'address to listen on; 0.0.0.0 for every interface, where only trusted clients can reach it',
    group: 'gRPC',
  },
  grpcPort: {
    schema: wholeNumber({ min: 0, max: 65_535 }),
    default: 50_051,
    flag: '--grpc-port <port>',
    env: 'ARISTARCH_GRPC_PORT',
    help: 'port; 0 takes any free one',
    group: 'gRPC',
  },
  maxMessageBytes: {
    schema: wholeNumber({ min: 1024, max: 2 ** 31 - 1 }),
    default: 32 * MiB,
    flag: '--max-message-bytes <bytes>',
    env: 'ARISTARCH_MAX_MESSAGE_BYTES',
    help: 'largest request message',
    unit: 'bytes',
    source: 'twice 65,536 rows of 64 packed values',
    group: 'gRPC',
  },
  maxConnectionAgeMs: {
    schema: wholeNumber({ min: 1000, max: 2 ** 31 - 1 }),
    default: 30 * 60_000,
    flag: '--max-connection-age-ms <ms>',
    env: 'ARISTARCH_MAX_CONNECTION_AGE_MS',
    help: 'age at which clients are asked to connect anew, so that load spreads over new replicas',
    unit: 'ms',
    group: 'gRPC',
  },
  maxConnectionIdleMs: {
    schema: wholeNumber({ min: 1000, max: 2 ** 31 - 1 }),
    default: 5 * 60_000,
    flag: '--max-connection-idle-ms <ms>',
    env: 'ARISTARCH_MAX_CONNECTION_IDLE_MS',
    help: 'connections without a call for so long are closed; clients open a new one by themselves',
    unit: 'ms',
    group: 'gRPC',
  },
  keepaliveMs: {
    schema: wholeNumber({ min: 1000, max: 2 ** 31 - 1 }),
    default: 60_000,
    flag: '--keepalive-ms <ms>',
    env: 'ARISTARCH_KEEPALIVE_MS',
    help: 'how often a silent client is pinged; one that does not answer within 20 s is gone, and its calls end',
    unit: 'ms',
    group: 'gRPC',
  },
  maxCallsPerConnection: {
    schema: wholeNumber({ min: 1, max: 2 ** 31 - 1 }),
    default: 100,
    flag: '--max-calls-per-connection <count>',
    env: 'ARISTARCH_MAX_CALLS_PER_CONNECTION',
    help: 'most calls and streams at once on one connection; more wait at the client, whose deadlines run there',
    source:
      'the least that RFC 9113 recommends: what waits unseen in the sockets of a busy server is known to be late too late',
    group: 'gRPC',
  },
  slowClientTimeoutMs: {
    schema: wholeNumber({ min: 1, max: 2 ** 31 - 1 }),
    default: 60_000,
    flag: '--slow-client-timeout-ms <ms>',
    env: 'ARISTARCH_SLOW_CLIENT_TIMEOUT_MS',
    help: 'a stream whose responses nobody takes for so long is ended',
    unit: 'ms',
    group: 'gRPC',
  },
  maxTextBytes: {
    schema: wholeNumber({ min: 1 }),
    default: 65_536,
    flag: '--max-text-bytes <bytes>',
    env: 'ARISTARCH_MAX_TEXT_BYTES',
    help: "longest text in a record's field, and longest name of a field",
    unit: 'bytes',
    group: 'gRPC',
  },
  drainTimeoutMs: {
    schema: wholeNumber({ min: 0, max: 2 ** 31 - 1 }),
    default: 10_000,
    flag: '--drain-timeout-ms <ms>',
    env: 'ARISTARCH_DRAIN_TIMEOUT_MS',
    help: 'how long a shutdown waits for work in flight before it is cut off',
    unit: 'ms',
    source: 'well below the 30 s that Kubernetes grants',
    group: 'gRPC',
  },
});
