import { Command } from 'commander';
import { AristarchError } from '../base/errors.ts';
import { emitJson, emitText, note, runAction, type ActionContext } from '../base/command-line.ts';
import { createProgress, showCount } from '../base/progress.ts';
import { nameList, onOff, oneOf, realNumber, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { writtenColumns } from '../models/features/column-writes.ts';
import { checkOutput } from '../tables/output-file.ts';
import { createRowsWriter, type RowsWriter } from '../tables/rows-writer.ts';
import { openConditions, type GivenConditions } from './given-conditions.ts';
import { openSampler } from './open-sampler.ts';
import { isPngName } from './picture-output.ts';
import { checkImageSample, countOf, MIX_LEVELS, writeImages, type MixLevel } from './sample-images.ts';
import type { Sampler } from './sampler.ts';
import { TABLE_SETTINGS } from './table-settings.ts';

const DEFAULT_COUNT = 10_000;
const { model, device, threads, memory } = TABLE_SETTINGS;
export const SAMPLE_SETTINGS = defineSettings({
  model,
  count: {
    schema: wholeNumber({ min: 1, max: 1e12 }).optional(),
    flag: '--count <rows>',
    help: `rows to make; when absent ${DEFAULT_COUNT.toLocaleString('en')}, or as many as --conditions-from has; of images 1,000, or 64 in a grid`,
  },
  out: {
    schema: text(),
    flag: '--out <file>',
    help: 'file to write, replaced if it exists; .parquet, .csv, .tsv or .ndjson, the last three also with .gz; of images .parquet, or .png for a grid of them',
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
  truncation: {
    schema: realNumber({ min: 0, max: 2 }).optional(),
    flag: '--truncation <share>',
    help: 'how far styles keep from their mean, 0 to 2: 1 as they are (when absent), 0.7 for likelier images that differ less, 0 for the mean image, above 1 for stranger ones; in all layers, where the paper takes the coarse ones',
    source: 'Karras et al. 2019, appendix B',
    group: 'Images',
  },
  mix: {
    schema: oneOf(Object.keys(MIX_LEVELS) as [MixLevel, ...MixLevel[]]).optional(),
    flag: '--mix <level>',
    help: 'draw a table of images with the styles of some layers from those in the first line, and all else from those in the first column: coarse, middle or fine, a third of the layers each',
    source: 'Karras et al. 2019, figure 3',
    group: 'Images',
  },
  interpolate: {
    schema: onOff(),
    default: false,
    flag: '--interpolate',
    help: 'draw lines that go from one image to another in equal steps of the style',
    group: 'Images',
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

A model of images (train --family stylegan) writes a column of PNG files, which train --image-column reads, or a grid; one
that was trained with --condition makes them of given labels, which are no column of the file.

A model with conditions (train --condition) makes the other fields for given ones. Without --condition and
--conditions-from, conditions are drawn by the shares in the manifest, each by itself: their combinations may be ones
that training rows never had; --conditions-from the training data keeps to theirs.

Examples:
  aristarch sample --model models/m --count 10000 --out synthetic.parquet
  aristarch sample --model models/m --condition machine=a,site=b --out a-at-b.parquet
  aristarch sample --model models/m --count 500 --out synthetic.csv --seed 7 --json
  aristarch sample --model models/parts --out grid.png --truncation 0.7
  aristarch sample --model models/parts --out mixed.png --mix coarse
  aristarch sample --model models/digits --out threes.png --condition digit=3`;

export function createSampleCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('sample')
    .description("Make up rows like the training rows, by the model's generator.")
    .option('--json', 'write a summary as JSON to standard output');
  addOptions(command, SAMPLE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runSample, terminal));
}

async function runSample({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(SAMPLE_SETTINGS, { flags: givenFlags(command), env: process.env });
  if (!isPicture(values)) checkOutput(values.out, '; of images .parquet, or .png for a grid of them');
  const { device: wanted, threads: used } = values;
  const sampler = await openSampler(values.model, {
    device: wanted,
    threads: used,
    warn: (message) => note(terminal, message),
  });
  try {
    const isOfImages = sampler.description.schema.image !== undefined;
    if (!isOfImages && isPicture(values)) throw notOfImages(sampler);
    const conditions = await openConditions(sampler.description, values);
    try {
      const write = isOfImages ? sampleImages : writeSample;
      const summary = await write(values, sampler, conditions, terminal);
      if (json) emitJson(terminal, summary);
      else emitText(terminal, describeSummary(summary, isOfImages ? 'images' : 'rows'));
    } finally {
      await conditions.close();
    }
  } finally {
    await sampler.close();
  }
}

/** Whether something is asked for that only a model of images can do. */
const isPicture = ({ out, truncation, mix, interpolate }: SampleValues): boolean =>
  isPngName(out) || truncation !== undefined || mix !== undefined || interpolate;

function notOfImages({ description: { name } }: Sampler): AristarchError {
  const message = `model "${name}" makes rows: .png, --truncation, --mix and --interpolate are for models of images`;
  return new AristarchError('INVALID_INPUT', message, { model: name });
}

async function sampleImages(values: SampleValues, sampler: Sampler, conditions: GivenConditions, terminal: Terminal) {
  const { out, seed, truncation, mix, interpolate, memory: memoryLimit } = values;
  const { name, version, schema, device: used } = sampler.description;
  const image = schema.image!;
  const isTable = mix !== undefined || interpolate;
  if (isTable && conditions.options.conditionRows) {
    const message =
      '--mix and --interpolate make images of one condition, or of drawn ones: give --condition in place of --conditions-from';
    throw new AristarchError('INVALID_INPUT', message);
  }
  const count = values.count ?? (isPngName(out) ? undefined : conditions.rows);
  const choice = { out, count, mix, interpolate, ...(truncation !== undefined && { truncation }) };
  checkImageSample(choice, image.size);
  const startedAt = performance.now();
  const progress = createProgress(terminal, { label: 'sampling', unit: 'images', total: countOf(choice) });
  try {
    const onImages = (done: number): void => progress.update(done);
    const images = await writeImages(sampler, { ...choice, ...conditions.options, seed, memoryLimit, onImages });
    const seconds = (performance.now() - startedAt) / 1000;
    const made = { model: name, modelVersion: version, device: used, out, rows: images, seed };
    return { ...made, columns: [image.name], seconds, rowsPerSecond: images / seconds };
  } finally {
    progress.finish();
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

function describeSummary({ rows, model: name, rowsPerSecond, out, seed }: SampleSummary, what: string): string {
  return `${showCount(rows)} ${what} made up by ${name} from seed ${seed}, ${showCount(Math.round(rowsPerSecond))} ${what}/s: ${out}`;
}
