import { Command } from 'commander';
import { type ActionContext, emitJson, emitText, runAction } from '../base/command-line.ts';
import { AristarchError } from '../base/errors.ts';
import { nameList, share, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { readTrustedKey } from '../models/artefact/signature.ts';
import { openDetector } from '../scoring/open-detector.ts';
import { pruneModels, type PruneParts, type PruneSummary } from './models/prune.ts';
import { proveModel } from './models/prove.ts';

/** What it takes; docs/models.md. */
export const PRUNE_SETTINGS = defineSettings({
  models: {
    schema: text().optional(),
    flag: '--models <folder>',
    env: 'ARISTARCH_MODELS',
    help: "the models' folder, that of serve --models",
  },
  keep: {
    schema: wholeNumber({ min: 1 }).optional(),
    flag: '--keep <count>',
    env: 'ARISTARCH_PRUNE_KEEP',
    help: 'of each model, so many of its newest versions that can be served stay',
    unit: 'versions',
  },
  model: {
    schema: nameList().optional(),
    flag: '--model <names>',
    env: 'ARISTARCH_PRUNE_MODEL',
    help: 'of these models only; all when absent',
    list: true,
  },
  falsePositiveRate: {
    schema: share().optional(),
    flag: '--false-positive-rate <share>',
    env: 'ARISTARCH_FALSE_POSITIVE_RATE',
    help: 'that of serve, where it is given there: a version that cannot keep it is not served, and not counted',
  },
  explainTopK: {
    schema: wholeNumber({ min: 0 }),
    default: 0,
    flag: '--explain-top-k <count>',
    env: 'ARISTARCH_EXPLAIN_TOP_K',
    help: 'that of serve, where it is given there: with it a version that cannot explain is not served, and not counted',
    unit: 'fields',
  },
  trustedKeys: {
    schema: nameList().optional(),
    flag: '--trusted-keys <files>',
    env: 'ARISTARCH_TRUSTED_KEYS',
    help: 'those of serve, where they are given there: a version that none of them signed is not served, and not counted',
    list: true,
  },
});
type PruneConfig = SettingValues<typeof PRUNE_SETTINGS>;

const EXAMPLES = `
Examples:
  aristarch prune --models models --keep 7 --dry-run        what would be removed
  aristarch prune --models models --keep 7 --model pumps    of one model

A version goes where so many newer ones are whole by their hashes and pass what the server asks of them, and no serving.json names it. So the
version that serves stays, and the one on trial. It goes from the server's sight in one step.`;

/** What the command takes from the process; other ones for tests. */
export interface PruneCommandParts {
  readonly terminal?: Terminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function createPruneCommand(parts: PruneCommandParts = {}): Command {
  const command = new Command('prune')
    .description("Remove old versions from a models' folder; never one that serves, or is named by a serving.json.")
    .option('--dry-run', 'remove nothing, and say what would be')
    .option('--json', 'write the summary as JSON to standard output');
  addOptions(command, PRUNE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction((context) => run(context, parts), parts.terminal ?? processTerminal()));
}

async function run(context: ActionContext, { env = process.env }: PruneCommandParts): Promise<void> {
  const { command } = context;
  const config = resolveSettings(PRUNE_SETTINGS, { flags: givenFlags(command), env });
  const { models: root, keep, model: models } = config;
  if (root === undefined || keep === undefined)
    throw new AristarchError('INVALID_INPUT', 'prune needs --models <folder> and --keep <count>');
  const isDryRun = command.opts<{ readonly dryRun?: boolean }>().dryRun === true;
  const summary = await pruneModels({ root, keep, models, isDryRun, prove: await openProof(config) });
  report(context, summary, isDryRun);
  const [first] = summary.failed;
  if (first === undefined) return;
  const names = summary.failed.map(({ name }) => name).join(', ');
  throw new AristarchError(
    first.error.code,
    `${summary.failed.length} old version(s) could not be removed, or not their files: ${names}`,
    {
      names,
    },
  );
}

/** As the server proves a version before it serves, on the processor. */
async function openProof({
  trustedKeys: paths,
  falsePositiveRate,
  explainTopK,
}: PruneConfig): Promise<PruneParts['prove']> {
  const trustedKeys = paths && (await Promise.all(paths.map((path) => readTrustedKey(path))));
  return async (folder) => {
    const detector = await openDetector(folder, { device: 'cpu', trustedKeys });
    try {
      await proveModel(detector, { falsePositiveRate, explains: explainTopK > 0 });
    } finally {
      await detector.close();
    }
  };
}

function report({ terminal, json }: ActionContext, summary: PruneSummary, isDryRun: boolean): void {
  const { removed, kept, uncounted, failed } = summary;
  if (json) {
    const plain = (faults: PruneSummary['failed']) =>
      faults.map(({ name, error: { code, message } }) => ({ name, code, message }));
    emitJson(terminal, { removed, kept, uncounted: plain(uncounted), failed: plain(failed), dryRun: isDryRun });
    return;
  }
  for (const { name, error } of uncounted)
    terminal.stderr.write(`${name} is not counted, since it cannot be served: ${error.message} [${error.code}]\n`);
  for (const { name, error } of failed) terminal.stderr.write(`${name}: ${error.message} [${error.code}]\n`);
  for (const name of removed) emitText(terminal, `${isDryRun ? 'would remove' : 'removed'} ${name}`);
  emitText(terminal, `${kept} version(s) ${isDryRun ? 'would be' : 'are'} left`);
}
