import { availableParallelism } from 'node:os';
import { resolveSettings, type SettingSources, type SettingValues } from '../base/settings.ts';
import { AristarchError } from '../base/errors.ts';
import { BATCHING_SETTINGS } from './settings/batching.ts';
import { CANDIDATE_SETTINGS } from './settings/candidates.ts';
import { DRIFT_SETTINGS } from './settings/drift.ts';
import { GRPC_SETTINGS } from './settings/grpc.ts';
import { HTTP_SETTINGS } from './settings/http.ts';
import { KAFKA_CONNECTION_SETTINGS } from './settings/kafka-connection.ts';
import { KAFKA_FORMAT_SETTINGS } from './settings/kafka-formats.ts';
import { KAFKA_SETTINGS } from './settings/kafka.ts';
import { MODEL_SETTINGS } from './settings/model.ts';
import { MODELS_SETTINGS } from './settings/models.ts';
import { PROCESS_SETTINGS } from './settings/process.ts';
import { SECURITY_SETTINGS } from './settings/security.ts';
import { TRACING_SETTINGS } from './settings/tracing.ts';

/** Every setting of the serve process: flag, else environment, else file, else default. Each group has its own file in settings/. */
export const SERVE_SETTINGS = {
  ...MODEL_SETTINGS,
  ...MODELS_SETTINGS,
  ...CANDIDATE_SETTINGS,
  ...BATCHING_SETTINGS,
  ...GRPC_SETTINGS,
  ...HTTP_SETTINGS,
  ...SECURITY_SETTINGS,
  ...PROCESS_SETTINGS,
  ...DRIFT_SETTINGS,
  ...TRACING_SETTINGS,
  ...KAFKA_CONNECTION_SETTINGS,
  ...KAFKA_SETTINGS,
  ...KAFKA_FORMAT_SETTINGS,
};

export type ServeConfig = SettingValues<typeof SERVE_SETTINGS>;

/** The validated configuration; throws `INVALID_INPUT` naming every bad value and what is wanted instead. */
export function resolveServeConfig(sources: SettingSources, cores = availableParallelism()): ServeConfig {
  const config = resolveSettings(SERVE_SETTINGS, sources);
  const faults = [
    ...[...modelFaults(config), ...securityFaults(config), ...kafkaFaults(config)],
    ...workerFaults(config, cores),
  ];
  if (faults.length > 0) throw new AristarchError('INVALID_INPUT', faults.join('\n'), { faults });
  return config;
}

/** Workers that cannot run at once take memory, and time from each other; twice the cores leaves room for those that wait. */
function workerFaults({ workers }: ServeConfig, cores: number): string[] {
  if (workers <= 2 * cores) return [];
  return [
    `--workers ${workers} on ${cores} ${cores === 1 ? 'core' : 'cores'}: more workers than cores are not faster, and each holds the models once more; give ${cores}, and ${2 * cores} at most`,
  ];
}

/** One model or a folder of them. */
function modelFaults({ model, models, modelName, defaultModel, modelField }: ServeConfig): string[] {
  const faults: string[] = [];
  if (model === undefined && models === undefined) {
    faults.push(
      '--model is missing. Give --model <folder> for one model or --models <folder> for many, or set ARISTARCH_MODEL or ARISTARCH_MODELS',
    );
  }
  if (model !== undefined && models !== undefined) {
    faults.push('--model and --models exclude each other: give one model, or the folder of many');
  }
  if (models === undefined && defaultModel !== undefined) {
    faults.push('--default-model chooses one of --models: give --models as well, or leave it out');
  }
  if (models === undefined && modelField !== undefined) {
    faults.push('--model-field chooses among --models: give --models as well, or leave it out');
  }
  if (models !== undefined && modelName !== undefined) {
    faults.push("--model-name renames the one of --model: models of --models have their folders' names");
  }
  return faults;
}

/** Settings that make sense only together; so in the next one. */
function securityFaults(config: ServeConfig): string[] {
  const { tlsCert, tlsKey, tlsClientCa, tlsAdminNames, httpTls, jwks, jwtIssuer, jwtAudience } = config;
  const faults: string[] = [];
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    faults.push('--tls-cert and --tls-key belong together: give both or neither');
  if (tlsClientCa !== undefined && tlsCert === undefined)
    faults.push('--tls-client-ca without a certificate of the server: give --tls-cert and --tls-key as well');
  if (tlsAdminNames.length > 0 && tlsClientCa === undefined)
    faults.push('--tls-admin-names are of client certificates: give --tls-client-ca as well');
  if (httpTls && tlsCert === undefined) faults.push('--http-tls needs --tls-cert and --tls-key');
  const jwt = [jwks, jwtIssuer, jwtAudience];
  if (jwt.some((value) => value !== undefined) && jwt.includes(undefined))
    faults.push('--jwks, --jwt-issuer and --jwt-audience belong together: give all or none');
  return faults;
}

function kafkaFaults(config: ServeConfig): string[] {
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
  if ((config.kafkaTlsCert === undefined) !== (config.kafkaTlsKey === undefined)) {
    faults.push('--kafka-tls-cert and --kafka-tls-key belong together: give both or neither');
  }
  const formats = { '--kafka-format': config.kafkaFormat, '--kafka-result-format': config.kafkaResultFormat };
  for (const [flag, format] of Object.entries(formats)) {
    if (format !== 'json' && config.schemaRegistry === undefined)
      faults.push(`${flag} ${format} needs --schema-registry <url> as well`);
  }
  if ((config.schemaRegistryUser === undefined) !== (config.schemaRegistryPassword === undefined)) {
    faults.push('--schema-registry-user and --schema-registry-password belong together: give both or neither');
  }
  return faults;
}
