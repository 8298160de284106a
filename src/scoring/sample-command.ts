import { Command } from 'commander';
import { emitJson, emitText, note, runAction, type ActionContext } from '../base/command-line.ts';
import { createProgress, showCount } from '../base/progress.ts';
import { text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { writtenColumns } from '../models/features/column-writes.ts';
import { checkOutput } from '../tables/output-file.ts';
import { createRowsWriter } from '../tables/rows-writer.ts';
import { openSampler } from './open-sampler.ts';
import type { Sampler } from './sampler.ts';
import { TABLE_SETTINGS } from './table-settings.ts';

const { model, device, threads, memory } = TABLE_SETTINGS;
export const SAMPLE_SETTINGS = defineSettings({
  model,
  count: {
    schema: wholeNumber({ min: 1, max: 1e12 }),
    default: 10_000,
    flag: '--count <rows>',
    unit: 'rows',
    help: 'rows to make',
  },
  out: {
    schema: text(),
    flag: '--out <file>',
    help: 'file to write, replaced if it exists; .parquet, .csv, .tsv or .ndjson, the last three also with .gz',
  },
  seed: {
    schema: wholeNumber(),
    default: 1,
    flag: '--seed <number>',
    help: 'names the rows: the same seed gives the same file, a longer sample begins with the shorter one',
  },
  device,
  threads,
  memory: { ...memory, help: 'most memory for the file that is written; the rest goes to disk' },
});
type SampleValues = SettingValues<typeof SAMPLE_SETTINGS>;

const EXAMPLES = `
The rows have the model's fields, in order, in the training data's units, and null where the generator says missing:
  number     a whole number where all training values were whole, within the training rows' range
  category   one of the levels that training saw
  timestamp  weekday and time of day (UTC, to the minute) as the generator made them, in the week of 1970-01-05: the model
             never sees a date, so that there is none to make up
Columns that training left out (constant, identifiers) are not there. Made-up rows are no protection of privacy by
themselves: docs/fidelity.md measures how near they come to training rows.

Examples:
  aristarch sample --model models/m --count 10000 --out synthetic.parquet
  aristarch sample --model models/m --count 500 --out synthetic.csv --seed 7 --json`;

export function createSampleCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('sample')
    .description("Make up rows like the training rows, by the model's generator.")
    .option('--json', 'write a summary as JSON to standard output');
  addOptions(command, SAMPLE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runSample, terminal));
}

async function runSample({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(SAMPLE_SETTINGS, { flags: givenFlags(command), env: process.env });
  checkOutput(values.out);
  const sampler = await openSampler(values.model, {
    device: values.device,
    threads: values.threads,
    warn: (message) => note(terminal, message),
  });
  try {
    const summary = await writeSample(values, sampler, terminal);
    if (json) emitJson(terminal, summary);
    else emitText(terminal, describeSummary(summary));
  } finally {
    await sampler.close();
  }
}

type SampleSummary = Awaited<ReturnType<typeof writeSample>>;

async function writeSample(
  { count, out, seed, memory: memoryLimit }: SampleValues,
  sampler: Sampler,
  terminal: Terminal,
) {
  const { name, version, schema, rowWidth, trainingColumns, device: used } = sampler.description;
  const columns = writtenColumns(schema, trainingColumns);
  const progress = createProgress(terminal, { label: 'sampling', unit: 'rows', total: count });
  const startedAt = performance.now();
  try {
    const writer = await createRowsWriter(out, { width: rowWidth, columns, memoryLimit });
    try {
      let done = 0;
      for await (const rows of sampler.sample(count, { seed })) {
        writer.append(rows);
        done += rows.length / rowWidth;
        progress.update(done);
      }
    } catch (thrown) {
      await writer.discard();
      throw thrown;
    }
    await writer.commit();
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      ...{ model: name, modelVersion: version, device: used, out, rows: count, seed },
      columns: columns.map((column) => column.name),
      ...{ seconds, rowsPerSecond: count / seconds },
    };
  } finally {
    progress.finish();
  }
}

function describeSummary({ rows, model: name, rowsPerSecond, out, seed }: SampleSummary): string {
  return `${showCount(rows)} rows made up by ${name} from seed ${seed}, ${showCount(Math.round(rowsPerSecond))} rows/s: ${out}`;
}
