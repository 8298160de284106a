import type { ServeConfig } from './config.ts';
import type { KafkaConfig, KafkaSasl } from './kafka/port.ts';

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
    brokers,
    topicIn,
    topicOut,
    deadLetterTopic: deadLetter,
    clientId: config.kafkaClientId,
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
    tls: config.kafkaTls,
    sasl: toSasl(config),
  };
}

function toSasl(config: ServeConfig): KafkaSasl | undefined {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUser: username, kafkaSaslPassword: password } = config;
  return username === undefined || password === undefined ? undefined : { mechanism, username, password };
}
