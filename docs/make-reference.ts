/** Writes docs/reference/ from the code: `npm run docs:reference` */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { format, resolveConfig } from 'prettier';
import protobuf from 'protobufjs';
import { createDemoCommand } from '../src/demo/command.ts';
import { createDoctorCommand } from '../src/doctor/command.ts';
import { createEvaluateCommand } from '../src/scoring/evaluate-command.ts';
import { createSampleCommand } from '../src/scoring/sample-command.ts';
import { createScoreCommand } from '../src/scoring/score-command.ts';
import { createSignCommand } from '../src/scoring/sign-command.ts';
import { createStylizeCommand } from '../src/scoring/stylize/command.ts';
import { createTranslateCommand } from '../src/scoring/translate-command.ts';
import { createServeCommand } from '../src/server/command.ts';
import { CONTRACT_FILE, PROTO_FOLDER } from '../src/server/grpc/contract.ts';
import { createOperatorRoutes } from '../src/server/http/handlers.ts';
import { readAssets } from '../src/server/http/page/assets.ts';
import { createPruneCommand } from '../src/server/prune-command.ts';
import { createReplayCommand } from '../src/server/replay-command.ts';
import { createSyncCommand } from '../src/server/sync-command.ts';
import { createTrainCommand } from '../src/training/command.ts';
import { describeClient } from './describe-client.ts';

const FOLDER = join(import.meta.dirname, 'reference');
const MADE = 'Made from the code by `npm run docs:reference`.';

/** Every command, as `aristarch --help` lists them; a test holds that none is missing. */
const COMMANDS: readonly (() => Command)[] = [
  createTrainCommand,
  createScoreCommand,
  createEvaluateCommand,
  createSampleCommand,
  createStylizeCommand,
  createSignCommand,
  createTranslateCommand,
  createServeCommand,
  createSyncCommand,
  createPruneCommand,
  createReplayCommand,
  createDemoCommand,
  createDoctorCommand,
];

/** The pages by file name. */
export async function describeReference(): Promise<Readonly<Record<string, string>>> {
  const options = await resolveConfig(join(FOLDER, 'grpc.md'));
  const pages = {
    'grpc.md': describeContract(),
    'kafka-results.md': describeResults(),
    'commands.md': describeCommands(),
    'http.md': describeHttp(),
    'typescript-client.md': describeClient(MADE),
  };
  const formatted = Object.entries(pages).map(async ([name, page]) => {
    const text = await format(page, { ...options, parser: 'markdown' });
    return [name, text] as const;
  });
  return Object.fromEntries(await Promise.all(formatted));
}

function describeCommands(): string {
  const chapters = COMMANDS.map((create) => {
    const command = create();
    const headings = new Set(command.options.map(headingOf));
    const tables = [...headings].map((heading) => {
      const options = command.options.filter((option) => headingOf(option) === heading);
      const rows = options.map(({ flags, description }) => `| \`${flags}\` | ${escapeCell(description)} |`);
      return [
        `### ${command.name()}: ${heading.replace(/:$/, '')}`,
        '',
        '| flag | meaning |',
        '| --- | --- |',
        ...rows,
      ].join('\n');
    });
    return [`## ${command.name()}`, command.description(), ...tables].join('\n\n');
  });
  return [
    '# Commands and their settings',
    `${MADE} A setting is a flag, an environment variable where one is named, or a key of the JSON file of \`--config\`: the flag's name in
camelCase unless \`--help\` says otherwise. Flags go before the environment, that before the file.`,
    ...chapters,
  ].join('\n\n');
}

const headingOf = ({ helpGroupHeading }: Option): string => helpGroupHeading ?? 'Options:';

interface Endpoint {
  readonly answers: string;
  /** Whether a token or certificate is asked for where callers are. */
  readonly guarded: boolean;
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/metrics': {
    answers:
      "metrics in Prometheus' text format, or OpenMetrics where the scraper accepts it: [metrics.md](../metrics.md)",
    guarded: false,
  },
  '/healthz': { answers: '200 `{"alive": true}` while the process answers at all', guarded: false },
  '/readyz': {
    answers: '200 `{"ready": true, "checks": ...}`, or 503 with the check that fails and its reason',
    guarded: false,
  },
  '/readyz/calls': { answers: 'the same without Kafka, which no call waits for', guarded: false },
  '/': { answers: 'the live page; its files are under `/assets/`', guarded: true },
  '/events': { answers: 'server-sent events that the live page shows: `model`, `scores`, `drift`', guarded: true },
};

/** What the server really answers, to be the same as what is described. */
function realPaths(): string[] {
  const routes = createOperatorRoutes({
    metrics: { render: () => Promise.reject(new Error('not asked')) },
    checks: () => ({}),
  });
  const page = [...readAssets().keys()].filter((path) => !path.startsWith('/assets/'));
  return [...Object.keys(routes), ...page, '/events'];
}

function describeHttp(): string {
  const paths = realPaths();
  if (paths.toSorted().join() !== Object.keys(ENDPOINTS).toSorted().join()) {
    throw new Error(`docs/make-reference.ts must describe exactly ${paths.join(', ')}`);
  }
  const rows = paths.map((path) => {
    const { answers, guarded } = ENDPOINTS[path]!;
    return `| \`${path}\` | ${escapeCell(answers)} | ${guarded ? 'as for gRPC' : 'nobody'} |`;
  });
  return [
    '# The HTTP endpoints',
    `${MADE} The port is \`--http-port\`. GET and HEAD only: scores are asked for over gRPC. Faults are JSON, \`{"error": ...}\`; an
unknown path is answered with 404 and the paths that there are.`,
    [
      '| path | answers | who is asked who they are ([security.md](../security.md)) |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n'),
  ].join('\n\n');
}

function describeContract(): string {
  const { services, messages, enums } = loadParts(CONTRACT_FILE, 'aristarch.v1');
  return [
    '# The gRPC API',
    `${MADE} The contract itself is \`proto/${CONTRACT_FILE}\`; what became of each fault is in [errors.md](../errors.md); clients in
TypeScript, Python, Go and Java are in \`clients/\`. The service also answers \`grpc.health.v1.Health\`, reflection, and the Open Inference
Protocol ([open-inference.md](../open-inference.md)).`,
    ...services.map(describeService),
    '## Messages',
    ...messages.map(describeMessage),
    ...enums.map(describeEnum),
  ].join('\n\n');
}

const RESULTS_FILE = 'aristarch/events/v1/result.proto';

function describeResults(): string {
  return [
    '# Results on Kafka',
    `${MADE} The contract of \`--kafka-result-format protobuf\` is \`proto/${RESULTS_FILE}\`, that of \`avro\` is \`result.avsc\` beside it; JSON results have the same
fields in camelCase, but the time as \`timestamp\`, ISO 8601 or null ([kafka.md](../kafka.md)).`,
    '## Messages',
    ...loadParts(RESULTS_FILE, 'aristarch.events.v1').messages.map(describeMessage),
  ].join('\n\n');
}

function loadParts(file: string, packageName: string) {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(PROTO_FOLDER, target);
  root.loadSync(file, { alternateCommentMode: true, keepCase: true });
  const parts = (root.lookup(packageName) as protobuf.Namespace).nestedArray;
  return {
    services: parts.filter((part) => part instanceof protobuf.Service),
    messages: parts.filter((part) => part instanceof protobuf.Type),
    enums: parts.filter((part) => part instanceof protobuf.Enum),
  };
}

function describeService(service: protobuf.Service): string {
  const rows = service.methodsArray.map((method) => {
    const request = `${method.requestStream === true ? 'stream of ' : ''}${link(method.requestType)}`;
    const response = `${method.responseStream === true ? 'stream of ' : ''}${link(method.responseType)}`;
    return `| \`${method.name}\` | ${request} | ${response} | ${commentOf(method)} |`;
  });
  const head = ['| method | request | response | meaning |', '| --- | --- | --- | --- |'];
  return [`## ${service.fullName.slice(1)}`, '', commentOf(service), '', ...head, ...rows].join('\n');
}

function describeMessage(message: protobuf.Type): string {
  const title = [`### ${message.name}`, '', commentOf(message), ''];
  if (message.fieldsArray.length === 0) return [...title, 'No fields.'].join('\n');
  const rows = message.fieldsArray.map((field) => {
    const choice = field.partOf !== null && !field.partOf.isProto3Optional ? ` One of \`${field.partOf.name}\`.` : '';
    return `| ${field.id} | \`${field.name}\` | ${typeOf(field)} | ${commentOf(field)}${choice} |`;
  });
  return [...title, '| number | field | type | meaning |', '| --: | --- | --- | --- |', ...rows].join('\n');
}

function typeOf(field: protobuf.Field): string {
  const own = link(field.type);
  if (field instanceof protobuf.MapField) return `map of ${field.keyType} to ${own}`;
  if (field.repeated) return `repeated ${own}`;
  return field.options?.['proto3_optional'] === true ? `optional ${own}` : own;
}

function describeEnum(type: protobuf.Enum): string {
  const values = Object.entries(type.values).map(([name, value]) => `\`${name}\` (${value})`);
  return [`### ${type.name}`, '', commentOf(type), '', `${values.join(', ')}.`].join('\n');
}

/** Messages have a chapter each; scalars have none. */
function link(type: string): string {
  return /^[A-Z]/.test(type) ? `[${type}](#${type.toLowerCase()})` : type;
}

function commentOf({ comment }: protobuf.ReflectionObject): string {
  return escapeCell((comment ?? '').replaceAll('\n', ' '));
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

if (process.argv[1] === import.meta.filename) {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(await describeReference())) await writeFile(join(FOLDER, name), text);
}
