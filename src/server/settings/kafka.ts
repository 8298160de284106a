import { onOff, oneOf, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { COMPRESSIONS } from '../kafka/port.ts';

const MiB = 2 ** 20;

/** Settings of what is scored from Kafka; how brokers are reached is in kafka-connection.ts. */
export const KAFKA_SETTINGS = defineSettings({
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
    help: 'most events of one partition that are scored, sent and committed together',
    unit: 'events',
    group: 'Kafka',
  },
  kafkaStartTimeoutMs: {
    schema: wholeNumber({ min: 1 }).optional(),
    flag: '--kafka-start-timeout-ms <ms>',
    env: 'ARISTARCH_KAFKA_START_TIMEOUT_MS',
    help: 'end the process where the group is not joined so long after the start; without it Kafka is waited for as long as it takes, and calls are answered meanwhile',
    source: 'docs/decisions/0035-kafka-ends-no-process.md',
    unit: 'ms',
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
  exactlyOnce: {
    schema: onOff(),
    default: false,
    flag: '--exactly-once',
    env: 'ARISTARCH_EXACTLY_ONCE',
    help: 'results, dead letters and offsets in one transaction for each batch: readers of committed messages see every result once; costs throughput',
    source: 'docs/kafka.md',
    group: 'Kafka',
  },
  kafkaCompression: {
    schema: oneOf(COMPRESSIONS),
    default: 'none',
    flag: '--kafka-compression <name>',
    env: 'ARISTARCH_KAFKA_COMPRESSION',
    help: `how results and dead letters are compressed: ${COMPRESSIONS.join(', ')}; events may come in any of them`,
    group: 'Kafka',
  },
});
