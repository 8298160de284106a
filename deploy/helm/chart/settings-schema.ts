import { z } from 'zod';
import type { Settings } from '../../../src/base/settings.ts';
import { FAMILIES } from '../../../src/models/families/index.ts';
import { SERVE_SETTINGS } from '../../../src/server/config.ts';
import { familyOptions } from '../../../src/training/family-options.ts';
import { RUN_SETTINGS } from '../../../src/training/run-settings.ts';
import type { JsonSchema } from './schema-rules.ts';

/** Settings that have values of their own in the chart, or that it fixes. */
const OF_THE_CHART: Readonly<Record<'serve' | 'train', readonly string[]>> = {
  serve: [
    ...['model', 'models', 'grpcHost', 'grpcPort', 'httpHost', 'httpPort', 'drainTimeoutMs'],
    ...['tlsCert', 'tlsKey', 'tlsClientCa', 'httpTls', 'tokens', 'trustedKeys'],
    ...['kafkaTlsCa', 'kafkaTlsCert', 'kafkaTlsKey'],
  ],
  train: ['out', 'name', 'resume', 'dryRun'],
};

/** Settings of `serve` that other parts of the chart follow: the NetworkPolicy, the ScaledObject, the size of /tmp, refusals. */
const READ_BY_THE_CHART = [
  ...['kafkaBrokers', 'topicIn', 'kafkaGroupId', 'kafkaStartAt', 'kafkaTls', 'kafkaSaslUser', 'kafkaSaslMechanism'],
  ...['candidateLog', 'candidateLogBytes', 'kafkaStartTimeoutMs'],
];

const TABLES: Readonly<Record<'serve' | 'train', Settings>> = {
  serve: SERVE_SETTINGS,
  train: { ...RUN_SETTINGS, ...familyOptions(Object.values(FAMILIES)) },
};

/** What the configuration file of a process may hold where the chart writes it: its own settings, without secrets. */
export function settingsSchema(process: 'serve' | 'train'): JsonSchema {
  const open = Object.entries(TABLES[process]).filter(
    ([name, { secret }]) => secret !== true && !OF_THE_CHART[process].includes(name),
  );
  const properties = Object.fromEntries(open.map(([name, { schema }]) => [name, typeOf(schema)]));
  return { type: 'object', additionalProperties: false, properties };
}

/** More environment of a pod: what the chart reads or sets itself would be another thing there than it takes it for. */
export function environmentSchema(): JsonSchema {
  const settings: Settings = SERVE_SETTINGS;
  const taken = [...OF_THE_CHART.serve, ...READ_BY_THE_CHART].map((name) => settings[name]?.env);
  const name = { type: 'string', minLength: 1, not: { enum: taken.filter((variable) => variable !== undefined) } };
  return { type: 'array', items: { type: 'object', required: ['name'], properties: { name } } };
}

/** Types and words alone: bounds are the parser's of the process itself. */
function typeOf(schema: z.ZodType): JsonSchema {
  const type = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(type).filter(([key]) => key !== '$schema'));
}
