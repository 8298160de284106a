import { defineSettings, resolveSettings, type SettingSources, type SettingValues } from '../base/settings.ts';
import { addressList, onOff, oneOf, share, text, wholeNumber } from '../base/setting-schemas.ts';
import { AristarchError } from '../base/errors.ts';
import { DRIFT_SETTINGS } from './drift-settings.ts';

const MiB = 2 ** 20;

/** Every setting of the serve process: flag, else environment, else file, else default. */
export const SERVE_SETTINGS = defineSettings({
  model: {
    schema: text(),
    flag: '--model <folder>',
    env: 'ARISTARCH_MODEL',
    help: 'folder of the trained model',
    group: 'Model',
  },
  modelName: {
    schema: text().optional(),
    flag: '--model-name <name>',
    env: 'ARISTARCH_MODEL_NAME',
    help: "name under which the model is served; the artefact's own when absent",
    group: 'Model',
  },
  falsePositiveRate: {
    schema: share().optional(),
    flag: '--false-positive-rate <share>',
    env: 'ARISTARCH_FALSE_POSITIVE_RATE',
    help: "share of normal rows that may be flagged, for requests that state none; the model's own when absent",
    group: 'Model',
  },
  device: {
    schema: oneOf(['auto', 'cpu', 'webgpu', 'cuda']),
    default: 'auto',
    flag: '--device <device>',
    env: 'ARISTARCH_DEVICE',
    help: 'auto, cpu, webgpu or cuda',
    group: 'Model',
  },
  threads: {
    schema: wholeNumber({ min: 1, max: 1024 }),
    default: 1,
    flag: '--threads <count>',
    env: 'ARISTARCH_THREADS',
    help: 'threads of one inference on the CPU; small models are fastest with one',
    group: 'Model',
  },
  maxRows: {
    schema: wholeNumber({ min: 1 }),
    default: 65_536,
    flag: '--max-rows <count>',
    env: 'ARISTARCH_MAX_ROWS',
    help: 'most rows in one request',
    unit: 'rows',
    group: 'Model',
  },
  maxExplainRows: {
    schema: wholeNumber({ min: 1 }),
    default: 256,
    flag: '--max-explain-rows <count>',
    env: 'ARISTARCH_MAX_EXPLAIN_ROWS',
    help: 'most rows in a request that asks for explanations, and most events of a Kafka batch that get one; each takes milliseconds, in which nothing else is scored',
    unit: 'rows',
    group: 'Model',
  },
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
  httpHost: {
    schema: text(),
    default: '127.0.0.1',
    flag: '--http-host <address>',
    env: 'ARISTARCH_HTTP_HOST',
    help: 'address of the live page, /metrics, /healthz and /readyz',
    group: 'HTTP',
  },
  httpPort: {
    schema: wholeNumber({ min: 0, max: 65_535 }),
    default: 8080,
    flag: '--http-port <port>',
    env: 'ARISTARCH_HTTP_PORT',
    help: 'port; 0 takes any free one',
    group: 'HTTP',
  },
  logLevel: {
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    flag: '--log-level <level>',
    env: 'ARISTARCH_LOG_LEVEL',
    help: 'least severity that is logged to standard error',
    group: 'Process',
  },
  ...DRIFT_SETTINGS,
  kafkaBrokers: {
    schema: addressList(),
    default: [],
    flag: '--kafka-brokers <host:port,...>',
    env: 'ARISTARCH_KAFKA_BROKERS',
    help: 'brokers to start from; Kafka is off when absent',
    group: 'Kafka',
  },
  topicIn: {
    schema: text().optional(),
    flag: '--topic-in <topic>',
    env: 'ARISTARCH_KAFKA_TOPIC_IN',
    help: 'topic of JSON events to score',
    group: 'Kafka',
  },
  topicOut: {
    schema: text().optional(),
    flag: '--topic-out <topic>',
    env: 'ARISTARCH_KAFKA_TOPIC_OUT',
    help: 'topic for results',
    group: 'Kafka',
  },
  deadLetter: {
    schema: text().optional(),
    flag: '--dead-letter <topic>',
    env: 'ARISTARCH_KAFKA_DEAD_LETTER',
    help: 'topic for events that cannot be scored, with the reason',
    group: 'Kafka',
  },
  explainTopK: {
    schema: wholeNumber({ min: 0 }),
    default: 0,
    flag: '--explain-top-k <count>',
    env: 'ARISTARCH_EXPLAIN_TOP_K',
    help: 'fields named in the explanations of anomalous events on the results topic; 0 for no explanations; of a batch, the --max-explain-rows highest scores are explained',
    unit: 'fields',
    group: 'Kafka',
  },
  kafkaGroupId: {
    schema: text(),
    default: 'aristarch',
    flag: '--kafka-group-id <id>',
    env: 'ARISTARCH_KAFKA_GROUP_ID',
    help: 'consumer group; processes with one id share the partitions',
    group: 'Kafka',
  },
  kafkaClientId: {
    schema: text(),
    default: 'aristarch',
    flag: '--kafka-client-id <id>',
    env: 'ARISTARCH_KAFKA_CLIENT_ID',
    help: "name of this client in the brokers' logs and quotas",
    group: 'Kafka',
  },
  kafkaStartAt: {
    schema: oneOf(['earliest', 'latest']),
    default: 'earliest',
    flag: '--kafka-start-at <place>',
    env: 'ARISTARCH_KAFKA_START_AT',
    help: 'earliest or latest: where a group starts that has committed nothing yet',
    group: 'Kafka',
  },
  kafkaMaxEventBytes: {
    schema: wholeNumber({ min: 1 }),
    default: MiB,
    flag: '--kafka-max-event-bytes <bytes>',
    env: 'ARISTARCH_KAFKA_MAX_EVENT_BYTES',
    help: 'larger events go to the dead-letter topic unread',
    unit: 'bytes',
    source: "the brokers' own default for a message",
    group: 'Kafka',
  },
  kafkaMaxBatchEvents: {
    schema: wholeNumber({ min: 1, max: 1_000_000 }),
    default: 1000,
    flag: '--kafka-max-batch-events <count>',
    env: 'ARISTARCH_KAFKA_MAX_BATCH_EVENTS',
    help: 'most events that are scored, sent and committed together',
    unit: 'events',
    group: 'Kafka',
  },
  kafkaSessionTimeoutMs: {
    schema: wholeNumber({ min: 6000, max: 1_800_000 }),
    default: 30_000,
    flag: '--kafka-session-timeout-ms <ms>',
    env: 'ARISTARCH_KAFKA_SESSION_TIMEOUT_MS',
    help: 'silence after which the group gives the partitions of this process to others',
    unit: 'ms',
    group: 'Kafka',
  },
  kafkaStartTimeoutMs: {
    schema: wholeNumber({ min: 1 }),
    default: 20_000,
    flag: '--kafka-start-timeout-ms <ms>',
    env: 'ARISTARCH_KAFKA_START_TIMEOUT_MS',
    help: 'how long to look for a broker at start before giving up',
    unit: 'ms',
    group: 'Kafka',
  },
  kafkaTls: {
    schema: onOff(),
    default: false,
    flag: '--kafka-tls',
    env: 'ARISTARCH_KAFKA_TLS',
    help: 'connect to the brokers by TLS',
    group: 'Kafka',
  },
  kafkaSaslMechanism: {
    schema: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']),
    default: 'scram-sha-512',
    flag: '--kafka-sasl-mechanism <name>',
    env: 'ARISTARCH_KAFKA_SASL_MECHANISM',
    help: 'plain, scram-sha-256 or scram-sha-512; used when a user is set',
    group: 'Kafka',
  },
  kafkaSaslUser: {
    schema: text().optional(),
    flag: '--kafka-sasl-user <name>',
    env: 'ARISTARCH_KAFKA_SASL_USER',
    help: 'user for SASL',
    group: 'Kafka',
  },
  kafkaSaslPassword: {
    schema: text().optional(),
    flag: '--kafka-sasl-password <password>',
    env: 'ARISTARCH_KAFKA_SASL_PASSWORD',
    help: 'password for SASL; rather set the environment variable, flags are seen in the list of processes',
    secret: true,
    group: 'Kafka',
  },
});

export type ServeConfig = SettingValues<typeof SERVE_SETTINGS>;

/** The validated configuration; throws `INVALID_INPUT` naming every bad value and what is wanted instead. */
export function resolveServeConfig(sources: SettingSources): ServeConfig {
  const config = resolveSettings(SERVE_SETTINGS, sources);
  checkKafka(config);
  return config;
}

/** Settings that make sense only together. */
function checkKafka(config: ServeConfig): void {
  const faults: string[] = [];
  const topics = { '--topic-in': config.topicIn, '--topic-out': config.topicOut, '--dead-letter': config.deadLetter };
  const given = Object.entries(topics).filter(([, topic]) => topic !== undefined);
  if (config.kafkaBrokers.length === 0 && given.length > 0) {
    faults.push(`${given.map(([flag]) => flag).join(', ')} without brokers: give --kafka-brokers as well`);
  }
  for (const [flag, topic] of Object.entries(topics)) {
    if (config.kafkaBrokers.length > 0 && topic === undefined)
      faults.push(`--kafka-brokers needs ${flag} <topic> as well`);
  }
  if (new Set(given.map(([, topic]) => topic)).size < given.length) {
    faults.push(
      `${given.map(([flag]) => flag).join(', ')} must differ: a topic that is read and written feeds on itself`,
    );
  }
  if ((config.kafkaSaslUser === undefined) !== (config.kafkaSaslPassword === undefined)) {
    faults.push('--kafka-sasl-user and --kafka-sasl-password belong together: give both or neither');
  }
  if (faults.length > 0) throw new AristarchError('INVALID_INPUT', faults.join('\n'), { faults });
}
