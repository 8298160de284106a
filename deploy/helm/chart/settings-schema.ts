import { z } from 'zod';
import type { Setting, Settings } from '../../../src/base/settings.ts';
import { FAMILIES, IMAGE_FAMILIES } from '../../../src/models/families/index.ts';
import { SERVE_SETTINGS } from '../../../src/server/config.ts';
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
  ...['kafkaBrokers', 'topicIn', 'topicOut', 'deadLetter', 'kafkaGroupId', 'kafkaStartAt', 'kafkaTls'],
  ...[
    'kafkaSaslUser',
    'kafkaSaslMechanism',
    'kafkaFormat',
    'kafkaResultFormat',
    'schemaRegistry',
    'schemaRegistryUser',
  ],
  ...['candidateLog', 'candidateLogBytes', 'kafkaStartTimeoutMs'],
  ...['modelName', 'defaultModel', 'modelField', 'tlsAdminNames', 'jwks', 'jwtIssuer', 'jwtAudience'],
];

const ALL_FAMILIES = [...Object.values(FAMILIES), ...Object.values(IMAGE_FAMILIES)];

/** All settings of a process; a setting that several families have is there as often. */
const TABLES: Readonly<Record<'serve' | 'train', readonly Settings[]>> = {
  serve: [SERVE_SETTINGS],
  train: [RUN_SETTINGS, ...ALL_FAMILIES.map(({ settings }) => settings)],
};

/** What the configuration file of a process may hold where the chart writes it: its own settings, without secrets, within their bounds. */
export function settingsSchema(process: 'serve' | 'train'): JsonSchema {
  return { type: 'object', additionalProperties: false, properties: propertiesOf(process) };
}

function propertiesOf(process: 'serve' | 'train'): Readonly<Record<string, JsonSchema>> {
  const open = (name: string, { secret }: Setting): boolean => secret !== true && !OF_THE_CHART[process].includes(name);
  const types = new Map<string, readonly JsonSchema[]>();
  for (const [name, setting] of TABLES[process].flatMap((table) => Object.entries(table)))
    if (open(name, setting)) types.set(name, [...(types.get(name) ?? []), typeOf(setting.schema)]);
  return Object.fromEntries([...types].map(([name, found]) => [name, found.reduce(widest)]));
}

/** What either of two takes: the same setting has other bounds in another family, and the family's own are its parser's. */
function widest(one: JsonSchema, other: JsonSchema): JsonSchema {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  if (a === b) return one;
  const bounds = [...LOW, ...HIGH, 'enum'];
  const rest = (type: JsonSchema) => Object.entries(type).filter(([key]) => !bounds.includes(key));
  if (JSON.stringify(rest(one)) !== JSON.stringify(rest(other))) throw new Error(`${a} and ${b} are of one setting`);
  const joined = [
    ...LOW.map((key) => [key, reach(Math.min, one[key], other[key])]),
    ...HIGH.map((key) => [key, reach(Math.max, one[key], other[key])]),
    ['enum', one['enum'] && other['enum'] && [...new Set([one['enum'], other['enum']].flat())]],
  ] as [string, unknown][];
  return Object.fromEntries<unknown>([...rest(one), ...joined.filter(([, value]) => value !== undefined)]);
}

const LOW = ['minimum', 'exclusiveMinimum'];
const HIGH = ['maximum', 'exclusiveMaximum'];

/** The farther bound; none where one of them has none. */
function reach(farther: (a: number, b: number) => number, one: unknown, other: unknown): number | undefined {
  return typeof one === 'number' && typeof other === 'number' ? farther(one, other) : undefined;
}

/**
 * What the templates refuse with a sentence, since a schema would only say that something "failed": numbers that come as text (Helm's `--set` leaves
 * fractions as such) beyond their bounds, environment that the chart reads or sets itself, settings of another family than the one that is trained.
 */
export function refusalFacts() {
  const serve: Settings = SERVE_SETTINGS;
  const taken = [
    ...OF_THE_CHART.serve.map((name) => [serve[name]?.env, '']),
    ...READ_BY_THE_CHART.map((name) => [serve[name]?.env, name]),
  ];
  return {
    bounds: { config: boundsOf('serve'), 'training.config': boundsOf('train') },
    environment: Object.fromEntries(taken.filter(([variable]) => variable !== undefined)) as Record<string, string>,
    run: Object.keys(RUN_SETTINGS),
    family: RUN_SETTINGS.family.default,
    families: Object.fromEntries(
      ALL_FAMILIES.map(({ name, settings, presets }) => [
        name,
        { settings: Object.keys(settings), presets: Object.keys(presets) },
      ]),
    ),
  };
}

/** Of the settings that are numbers, or lists of them. */
function boundsOf(process: 'serve' | 'train'): Readonly<Record<string, JsonSchema>> {
  const entries = Object.entries(propertiesOf(process)).flatMap(([name, type]) => {
    const of = (type['items'] ?? type) as JsonSchema;
    const bounds = Object.entries(of).filter(
      ([key, bound]) => [...LOW, ...HIGH].includes(key) && Math.abs(bound as number) < Number.MAX_SAFE_INTEGER,
    );
    const isWhole = [of['type']].flat().includes('integer');
    return bounds.length === 0 ? [] : [[name, { ...Object.fromEntries(bounds), isWhole }] as const];
  });
  return Object.fromEntries(entries);
}

function typeOf(schema: z.ZodType): JsonSchema {
  const { anyOf, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const type = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== '$schema'));
  return anyOf === undefined ? type : { ...oneType(anyOf), ...type };
}

/** Alternatives of different types are one: each word of a schema is about one type alone, and what does not fit is then said of the value itself. */
function oneType(alternatives: readonly JsonSchema[]): JsonSchema {
  const types = alternatives.map(({ type }) => type);
  if (new Set(types).size < types.length) throw new Error(`two of one type: ${JSON.stringify(alternatives)}`);
  return { ...(Object.assign({}, ...alternatives) as JsonSchema), type: types };
}
