import { Command } from 'commander';
import { emitJson, emitText, note, runAction, type ActionContext } from '../base/command-line.ts';
import { createProgress, showCount } from '../base/progress.ts';
import { addOptions, givenFlags, resolveSettings } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { checkOutput } from '../tables/output-file.ts';
import { openTranslation, type Translation } from './open-translation.ts';
import { chooseSources, TRANSLATE_SETTINGS, type TranslateValues } from './translate-settings.ts';
import { translateTables } from './translate-tables.ts';

const EXAMPLES = `
The result has exactly the target's columns, in order and in its units: whole numbers where its numbers are whole, and only its
levels. Columns that training carried along (train --condition) follow, unchanged. A column that the source lacks holds the
target's mean or most frequent level, unless the model was trained with --lacking generate; a missing value stays missing where
the target has missing values, else it is the translated middle. A time is weekday and time of day in the week of 1970-01-05, since
a model never sees a date.

Examples:
  aristarch translate --model models/va --from cleveland --data cleveland.parquet --out as-va.parquet
  aristarch translate --model models/va --augment --source va=va.parquet --source cleveland=cleveland.parquet --out augmented.parquet`;

/** Column of the augmented data set that names the source of a row. */
const DEFAULT_MARK = 'source';

export function createTranslateCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('translate')
    .description('Translate rows of one source into rows of the source that a model was trained for.')
    .option('--json', 'write a summary as JSON to standard output');
  addOptions(command, TRANSLATE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runTranslate, terminal));
}

async function runTranslate({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(TRANSLATE_SETTINGS, { flags: givenFlags(command), env: process.env });
  checkOutput(values.out);
  const { device, threads } = values;
  const warn = (message: string): void => note(terminal, message);
  const translation = await openTranslation(values.model, { device, threads, warn });
  try {
    const summary = await translateAll(values, translation, terminal);
    if (json) emitJson(terminal, summary);
    else emitText(terminal, describeSummary(summary));
  } finally {
    await translation.close();
  }
}

type Summary = Awaited<ReturnType<typeof translateAll>>;

async function translateAll(values: TranslateValues, translation: Translation, terminal: Terminal) {
  const { name, version, target, device } = translation.description;
  const sources = chooseSources(values, translation.description);
  const startedAt = performance.now();
  const warnings: string[] = [];
  const progress = createProgress(terminal, { label: 'translating', unit: 'rows' });
  try {
    const rows = await translateTables(translation, {
      ...{ sources, out: values.out, seed: values.seed, memory: values.memory },
      ...(values.augment && { mark: values.mark ?? DEFAULT_MARK }),
      ...(values.where !== undefined && { where: values.where }),
      warn: (message) => {
        warnings.push(message);
        progress.log(`warning: ${message}`);
      },
      onRows: (done) => progress.update(done),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return { model: name, modelVersion: version, device, target, out: values.out, rows, seconds, warnings };
  } finally {
    progress.finish();
  }
}

function describeSummary({ rows, target, out, model }: Summary): string {
  const parts = Object.entries(rows).map(([name, count]) => `${showCount(count)} of ${name}`);
  return `rows of ${target} by ${model}: ${out} (${parts.join(', ')})`;
}
