import { httpAddress, oneOf, text } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { CLOUD_EVENT_MODES } from '../kafka/formats/cloud-events.ts';
import { EVENT_FORMATS, RESULT_FORMATS, RESULT_SCHEMAS } from '../kafka/formats/names.ts';

/** Settings of what events and results on Kafka look like. */
export const KAFKA_FORMAT_SETTINGS = defineSettings({
  kafkaFormat: {
    schema: oneOf(EVENT_FORMATS),
    default: 'json',
    flag: '--kafka-format <name>',
    env: 'ARISTARCH_KAFKA_FORMAT',
    help: `what the values of events are: ${EVENT_FORMATS.join(', ')}; the last two need --schema-registry`,
    group: 'Kafka',
  },
  kafkaResultFormat: {
    schema: oneOf(RESULT_FORMATS),
    default: 'json',
    flag: '--kafka-result-format <name>',
    env: 'ARISTARCH_KAFKA_RESULT_FORMAT',
    help: `what the values of results are: ${RESULT_FORMATS.join(', ')}; the last two need --schema-registry`,
    source: 'docs/kafka.md',
    group: 'Kafka',
  },
  kafkaResultSchema: {
    schema: oneOf(RESULT_SCHEMAS),
    default: 'register',
    flag: '--kafka-result-schema <mode>',
    env: 'ARISTARCH_KAFKA_RESULT_SCHEMA',
    help: 'register or lookup: whether the schema of Avro and Protobuf results is registered as <topic-out>-value at the start, or must be there',
    group: 'Kafka',
  },
  kafkaCloudEvents: {
    schema: oneOf(CLOUD_EVENT_MODES),
    default: 'off',
    flag: '--kafka-cloudevents <mode>',
    env: 'ARISTARCH_KAFKA_CLOUDEVENTS',
    help: `results as CloudEvents: ${CLOUD_EVENT_MODES.join(', ')}; events may be CloudEvents of either mode in any case`,
    group: 'Kafka',
  },
  schemaRegistry: {
    schema: httpAddress().optional(),
    flag: '--schema-registry <url>',
    env: 'ARISTARCH_SCHEMA_REGISTRY',
    help: 'address of the schema registry',
    group: 'Kafka',
  },
  schemaRegistryUser: {
    schema: text().optional(),
    flag: '--schema-registry-user <name>',
    env: 'ARISTARCH_SCHEMA_REGISTRY_USER',
    help: 'user for the schema registry',
    group: 'Kafka',
  },
  schemaRegistryPassword: {
    schema: text().optional(),
    flag: '--schema-registry-password <password>',
    env: 'ARISTARCH_SCHEMA_REGISTRY_PASSWORD',
    help: 'password for the schema registry; rather set the environment variable, flags are seen in the list of processes',
    secret: true,
    group: 'Kafka',
  },
});
