import { addressList, onOff, oneOf, text } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { KAFKA_CLIENTS } from '../kafka/port.ts';

/** Settings of how Kafka's brokers are reached. */
export const KAFKA_CONNECTION_SETTINGS = defineSettings({
  kafkaBrokers: {
    schema: addressList(),
    default: [],
    flag: '--kafka-brokers <host:port,...>',
    env: 'ARISTARCH_KAFKA_BROKERS',
    help: 'brokers to start from; Kafka is off when absent',
    group: 'Kafka',
  },
  kafkaClient: {
    schema: oneOf(KAFKA_CLIENTS),
    default: 'kafkajs',
    flag: '--kafka-client <name>',
    env: 'ARISTARCH_KAFKA_CLIENT',
    help: `client library: ${KAFKA_CLIENTS.join(' or ')}; both keep the same promises`,
    source: 'docs/decisions/0021-two-kafka-clients.md',
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
  kafkaTls: {
    schema: onOff(),
    default: false,
    flag: '--kafka-tls',
    env: 'ARISTARCH_KAFKA_TLS',
    help: 'connect to the brokers by TLS',
    group: 'Kafka',
  },
  kafkaTlsCa: {
    schema: text().optional(),
    flag: '--kafka-tls-ca <file>',
    env: 'ARISTARCH_KAFKA_TLS_CA',
    help: 'PEM file of a certificate authority that is trusted beside the well-known ones; implies --kafka-tls. Read at the start',
    group: 'Kafka',
  },
  kafkaTlsCert: {
    schema: text().optional(),
    flag: '--kafka-tls-cert <file>',
    env: 'ARISTARCH_KAFKA_TLS_CERT',
    help: 'PEM file of our own certificate, for brokers that ask for one; implies --kafka-tls. Read at the start',
    group: 'Kafka',
  },
  kafkaTlsKey: {
    schema: text().optional(),
    flag: '--kafka-tls-key <file>',
    env: 'ARISTARCH_KAFKA_TLS_KEY',
    help: "PEM file of that certificate's key. Read at the start",
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
