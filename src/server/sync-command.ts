import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { awsEndpointOf } from '../base/aws-endpoint.ts';
import { type ActionContext, emitJson, emitText, runAction, warn } from '../base/command-line.ts';
import { createImpatience, ENDING_SIGNALS } from '../base/ending-signals.ts';
import { AristarchError } from '../base/errors.ts';
import { nameList, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { toOperatorError } from '../base/system-faults.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { readTrustedKey } from '../models/artefact/signature.ts';
import { createHttpSource } from './sync/http-source.ts';
import { createS3Source, type Environment } from './sync/s3-source.ts';
import type { ModelSource } from './sync/source.ts';
import { syncModels, type SyncParts, type SyncSummary } from './sync/sync.ts';
import { writeIndex } from './sync/write-index.ts';

/** What it takes; docs/models.md. */
export const SYNC_SETTINGS = defineSettings({
  from: {
    schema: text().optional(),
    flag: '--from <address>',
    env: 'ARISTARCH_SYNC_FROM',
    help: 's3://bucket/folder, or http(s)://... with an index.json, with NAME/VERSION/ below',
  },
  to: {
    schema: text().optional(),
    flag: '--to <folder>',
    env: 'ARISTARCH_SYNC_TO',
    help: "the models' folder, that of serve --models; nobody else may write to it",
  },
  every: {
    schema: wholeNumber({ min: 1, max: 2_000_000 }).optional(),
    flag: '--every <seconds>',
    env: 'ARISTARCH_SYNC_EVERY',
    help: 'goes on for ever, with so long a rest in between; a pass that fails is in the log, and the next one tries again',
    unit: 's',
  },
  maxVersionBytes: {
    schema: wholeNumber({ min: 1 }),
    default: 2 * 1024 ** 3,
    flag: '--max-version-bytes <count>',
    env: 'ARISTARCH_SYNC_MAX_VERSION_BYTES',
    help: 'most bytes of one version, all of its files together',
    unit: 'bytes',
  },
  trustedKeys: {
    schema: nameList().optional(),
    flag: '--trusted-keys <files>',
    env: 'ARISTARCH_TRUSTED_KEYS',
    help: 'public Ed25519 keys in PEM: only versions that one of them signed (aristarch sign) are taken',
    list: true,
  },
});
type SyncConfig = SettingValues<typeof SYNC_SETTINGS>;

const EXAMPLES = `
Examples:
  aristarch sync --from s3://bucket/models --to models --once         an init container: exit code 0 where all is there
  aristarch sync --from s3://bucket/models --to models --every 60     beside the server, which sees what has changed
  aristarch sync --from https://host/models --to models
  aristarch sync --write-index models                                 models/index.json, for a web server over that folder

S3 takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL, and signs nothing without a key.
A version appears whole and checked by its manifest's hashes, or not at all. Nothing is removed without --delete.`;

/** What the command takes from the process; other ones for tests. */
export interface SyncCommandParts {
  readonly terminal?: Terminal;
  readonly env?: Environment;
  /** Emits the signals that ask for an end. */
  readonly signals?: Pick<EventEmitter, 'on' | 'off'>;
  readonly exit?: (status: number) => void;
}

export function createSyncCommand(parts: SyncCommandParts = {}): Command {
  const command = new Command('sync')
    .description("Bring models from S3 or a web server to a models' folder, and keep it as the source is.")
    .option('--once', 'one pass, as without --every')
    .option('--delete', 'remove versions, and a serving.json, that the source has no more')
    .option('--write-index <folder>', "write the index.json of a models' folder that a web server shows, and end")
    .option('--json', 'write the summary of each pass as JSON to standard output');
  addOptions(command, SYNC_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction((context) => run(context, parts), parts.terminal ?? processTerminal()));
}

interface Switches {
  readonly once?: boolean;
  readonly delete?: boolean;
  readonly writeIndex?: string;
}

async function run(context: ActionContext, parts: SyncCommandParts): Promise<void> {
  const { command, terminal } = context;
  const { once = false, delete: removes = false, writeIndex: folder } = command.opts<Switches>();
  if (folder !== undefined) {
    emitText(terminal, `${await writeIndex(folder)} version(s) are in ${folder}/index.json`);
    return;
  }
  const env = parts.env ?? process.env;
  const config = resolveSettings(SYNC_SETTINGS, { flags: givenFlags(command), env });
  if (once && config.every !== undefined)
    throw new AristarchError('INVALID_INPUT', '--once and --every exclude each other: give one of them');
  const sync = await openSync(config, env, removes);
  if (sync.trustedKeys === undefined && isPlain(config.from ?? '', env)) warn(terminal, UNSIGNED);
  if (config.every === undefined) {
    const summary = await syncModels(sync);
    report(context, summary);
    const [first] = summary.failed;
    if (first !== undefined) throw toFailure(summary, first.error);
  } else await syncForever(context, sync, config.every * 1000, parts);
}

async function openSync(config: SyncConfig, env: Environment, removes: boolean): Promise<SyncParts> {
  const { from, to, maxVersionBytes: maxBytes, trustedKeys: paths } = config;
  if (from === undefined || to === undefined)
    throw new AristarchError('INVALID_INPUT', 'sync needs --from <address> and --to <folder>');
  const trustedKeys = paths && (await Promise.all(paths.map((path) => readTrustedKey(path))));
  return { source: openSource(from, env), to, maxBytes, trustedKeys, removes };
}

function openSource(from: string, env: Environment): ModelSource {
  if (from.startsWith('s3://')) return createS3Source(from, env);
  if (/^https?:\/\//.test(from) && URL.canParse(from)) return createHttpSource(from);
  throw new AristarchError('INVALID_INPUT', '--from must be an address: s3://bucket/folder, or http(s)://host/folder');
}

const UNSIGNED =
  'models come without encryption and without signatures: whoever stands in between can put models of their own in their place; ' +
  'use https, or --trusted-keys';

function isPlain(from: string, env: Environment): boolean {
  return from.startsWith('s3://') ? awsEndpointOf(env)?.protocol === 'http:' : new URL(from).protocol === 'http:';
}

async function syncForever(
  context: ActionContext,
  sync: SyncParts,
  restMs: number,
  { signals = process, exit = (status) => process.exit(status) }: SyncCommandParts,
): Promise<void> {
  const ended = new AbortController();
  const isImpatient = createImpatience();
  const end = (signal: string): void => {
    if (isImpatient(signal)) exit(130);
    ended.abort();
  };
  for (const name of ENDING_SIGNALS) signals.on(name, end);
  try {
    while (!ended.signal.aborted) {
      await syncModels({ ...sync, signal: ended.signal }).then(
        (summary) => report(context, summary),
        (thrown: unknown) => complain(context, toOperatorError(thrown)),
      );
      await sleep(restMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  } finally {
    for (const name of ENDING_SIGNALS) signals.off(name, end);
  }
}

function complain({ terminal }: ActionContext, { code, message }: AristarchError): void {
  terminal.stderr.write(`${message} [${code}]\n`);
}

/** For people, a pass that changed nothing says nothing. */
function report(context: ActionContext, { failed, ...summary }: SyncSummary): void {
  const { terminal, json } = context;
  for (const { name, error } of failed) complain(context, new AristarchError(error.code, `${name}: ${error.message}`));
  if (json) {
    const faults = failed.map(({ name, error: { code, message } }) => ({ name, code, message }));
    emitJson(terminal, { ...summary, failed: faults });
    return;
  }
  for (const what of ['added', 'replaced', 'removed'] as const)
    for (const name of summary[what]) emitText(terminal, `${what} ${name}`);
}

function toFailure({ failed }: SyncSummary, { code }: AristarchError): AristarchError {
  const names = failed.map(({ name }) => name).join(', ');
  return new AristarchError(code, `${failed.length} of the source's versions did not come: ${names}`, { names });
}
