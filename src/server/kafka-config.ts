import { readFileSync } from 'node:fs';
import { AristarchError } from '../base/errors.ts';
import type { SettingValues } from '../base/settings.ts';
import type { ServeConfig } from './config.ts';
import type { KafkaConfig, KafkaSasl, KafkaTls } from './kafka/port.ts';
import type { KAFKA_CONNECTION_SETTINGS } from './settings/kafka-connection.ts';

// Not settings: nobody has had a reason to change them.
const CONCURRENT_PARTITIONS = 4;
const LAG_INTERVAL_MS = 5_000;
const PAUSE_MS = 5_000;

/** What the Kafka room needs of the process's configuration; undefined when no brokers are set, and Kafka is off. */
export function toKafkaConfig(config: ServeConfig): KafkaConfig | undefined {
  const { kafkaBrokers: brokers, topicIn, topicOut, deadLetter } = config;
  if (brokers.length === 0 || topicIn === undefined || topicOut === undefined || deadLetter === undefined)
    return undefined;
  return {
    ...toConnection(config),
    topicIn,
    topicOut,
    deadLetterTopic: deadLetter,
    groupId: config.kafkaGroupId,
    startAt: config.kafkaStartAt,
    maxEventBytes: config.kafkaMaxEventBytes,
    // A batch is one request to the service, which would refuse it for ever where --max-rows is below it.
    maxBatchEvents: Math.min(config.kafkaMaxBatchEvents, config.maxRows),
    explainTopK: config.explainTopK,
    maxExplainRows: config.maxExplainRows,
    concurrency: CONCURRENT_PARTITIONS,
    sessionTimeoutMs: config.kafkaSessionTimeoutMs,
    startTimeoutMs: config.kafkaStartTimeoutMs,
    lagIntervalMs: LAG_INTERVAL_MS,
    pauseMs: PAUSE_MS,
    format: config.kafkaFormat,
    resultFormat: config.kafkaResultFormat,
    resultSchema: config.kafkaResultSchema,
    registry: toRegistry(config),
    cloudEvents: config.kafkaCloudEvents,
    compression: config.kafkaCompression,
    exactlyOnce: config.exactlyOnce,
  };
}

export type ConnectionConfig = SettingValues<typeof KAFKA_CONNECTION_SETTINGS>;

/** How the brokers are reached. Throws `NOT_FOUND` for a PEM file that cannot be read. */
export function toConnection(
  config: ConnectionConfig,
): Pick<KafkaConfig, 'client' | 'brokers' | 'clientId' | 'tls' | 'sasl'> {
  return {
    client: config.kafkaClient,
    brokers: config.kafkaBrokers,
    clientId: config.kafkaClientId,
    tls: readTls(config),
    sasl: toSasl(config),
  };
}

function toSasl(config: ConnectionConfig): KafkaSasl | undefined {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUser: username, kafkaSaslPassword: password } = config;
  return username === undefined || password === undefined ? undefined : { mechanism, username, password };
}

function toRegistry(config: ServeConfig): KafkaConfig['registry'] {
  const { schemaRegistry: url, schemaRegistryUser: user, schemaRegistryPassword: password } = config;
  return url === undefined ? undefined : { url, user, password };
}

/** Undefined for plain text. Throws `NOT_FOUND` for a file that cannot be read. */
function readTls({ kafkaTls, kafkaTlsCa, kafkaTlsCert, kafkaTlsKey }: ConnectionConfig): KafkaTls | undefined {
  const files = [kafkaTlsCa, kafkaTlsCert, kafkaTlsKey];
  if (!kafkaTls && files.every((file) => file === undefined)) return undefined;
  const [authority, certificate, key] = files.map((file) => (file === undefined ? undefined : readPem(file)));
  return { authority, certificate, key };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AristarchError('NOT_FOUND', `the PEM file ${file} cannot be read: check the path`, { file }, cause);
  }
}
