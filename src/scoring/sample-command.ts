import { Command } from 'commander';
import { emitJson, emitText, note, runAction, type ActionContext } from '../base/command-line.ts';
import { createProgress, showCount } from '../base/progress.ts';
import { nameList, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { writtenColumns } from '../models/features/column-writes.ts';
import { checkOutput } from '../tables/output-file.ts';
import { createRowsWriter, type RowsWriter } from '../tables/rows-writer.ts';
import { openConditions, type GivenConditions } from './given-conditions.ts';
import { openSampler } from './open-sampler.ts';
import type { Sampler } from './sampler.ts';
import { TABLE_SETTINGS } from './table-settings.ts';

const DEFAULT_COUNT = 10_000;
const { model, device, threads, memory } = TABLE_SETTINGS;
export const SAMPLE_SETTINGS = defineSettings({
  model,
  count: {
    schema: wholeNumber({ min: 1, max: 1e12 }).optional(),
    flag: '--count <rows>',
    help: `rows to make; when absent ${DEFAULT_COUNT.toLocaleString('en')}, or as many as --conditions-from has`,
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
  condition: {
    schema: text().optional(),
    flag: '--condition <values>',
    help: "conditions of all rows, machine=a,site=b or a JSON object; those that are not named are drawn as the training rows' were spread, each by itself",
    group: 'Conditions',
    list: true,
  },
  conditionsFrom: {
    schema: nameList().optional(),
    flag: '--conditions-from <addresses>',
    help: 'Parquet, CSV or NDJSON whose rows say the conditions of the made-up rows, one each and in order, from the start again where --count is more',
    group: 'Conditions',
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
themselves. How near they come to real rows, column by column, together, and as training data, is measured in
docs/fidelity.md.

A model with conditions (train --condition) makes the other fields for given ones. Without --condition and
--conditions-from, conditions are drawn by the shares in the manifest, each by itself: their combinations may be ones
that training rows never had; --conditions-from the training data keeps to theirs.

Examples:
  aristarch sample --model models/m --count 10000 --out synthetic.parquet
  aristarch sample --model models/m --condition machine=a,site=b --out a-at-b.parquet
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
  const { device: wanted, threads: used } = values;
  const sampler = await openSampler(values.model, {
    device: wanted,
    threads: used,
    warn: (message) => note(terminal, message),
  });
  try {
    const conditions = await openConditions(sampler.description, values);
    try {
      const summary = await writeSample(values, sampler, conditions, terminal);
      if (json) emitJson(terminal, summary);
      else emitText(terminal, describeSummary(summary));
    } finally {
      await conditions.close();
    }
  } finally {
    await sampler.close();
  }
}

type SampleSummary = Awaited<ReturnType<typeof writeSample>>;

async function writeSample(values: SampleValues, sampler: Sampler, conditions: GivenConditions, terminal: Terminal) {
  const { out, seed, memory: memoryLimit } = values;
  const { name, version, schema, rowWidth, trainingColumns, device: used } = sampler.description;
  const columns = writtenColumns(schema, trainingColumns);
  const count = values.count ?? conditions.rows ?? DEFAULT_COUNT;
  const progress = createProgress(terminal, { label: 'sampling', unit: 'rows', total: count });
  const startedAt = performance.now();
  try {
    const sample = sampler.sample(count, { seed, ...conditions.options });
    const writer = await createRowsWriter(out, { width: rowWidth, columns, memoryLimit });
    await fillWriter(writer, sample, (values) => progress.update(values / rowWidth));
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

async function fillWriter(
  writer: RowsWriter,
  sample: AsyncIterable<Float32Array>,
  onValues: (done: number) => void,
): Promise<void> {
  try {
    let done = 0;
    for await (const rows of sample) {
      writer.append(rows);
      done += rows.length;
      onValues(done);
    }
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
  await writer.commit();
}

function describeSummary({ rows, model: name, rowsPerSecond, out, seed }: SampleSummary): string {
  return `${showCount(rows)} rows made up by ${name} from seed ${seed}, ${showCount(Math.round(rowsPerSecond))} rows/s: ${out}`;
}
