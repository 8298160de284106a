import { Command } from 'commander';
import { emitJson, emitText, note, runAction, warn, type ActionContext } from '../base/command-line.ts';
import { createProgress, showCount } from '../base/progress.ts';
import { nameList, share, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { showRate } from '../base/show-rate.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { matchColumns } from '../models/features/match-columns.ts';
import type { Table } from '../tables/table.ts';
import { describeLimit } from './evaluation-text.ts';
import type { Detector } from './detector.ts';
import { openDetector } from './open-detector.ts';
import { scoreTable } from './score-table.ts';
import { openModelTable, TABLE_SETTINGS, toDetectorOptions } from './table-settings.ts';

export const SCORE_SETTINGS = defineSettings({
  ...TABLE_SETTINGS,
  out: {
    schema: text(),
    flag: '--out <file>',
    help: 'file to write, replaced if it exists; .parquet, .csv, .tsv or .ndjson, the last three also with .gz',
  },
  rate: {
    schema: share().optional(),
    flag: '--rate <share>',
    help: "share of normal rows that may be flagged; the model's own when absent",
  },
  explain: {
    schema: wholeNumber({ min: 1 }).optional(),
    flag: '--explain <count>',
    unit: 'fields',
    help: 'explain anomalous rows: a column with the fields that differ most from the nearest normal row, as JSON',
  },
  exclude: {
    schema: nameList(),
    default: [],
    flag: '--exclude <columns>',
    help: 'columns to leave out of the result, separated by commas; of a model of images "image", or each image is in it',
  },
});
type ScoreValues = SettingValues<typeof SCORE_SETTINGS>;

const EXAMPLES = `
The result has every column of the data, in order, and three more:
  score      higher is more anomalous
  p_value    share of held-out normal rows that score at least as high
  anomalous  whether p_value is at most --rate
With --explain there is one more, null where anomalous is false; it takes milliseconds for each anomalous row:
  explanation  JSON: [{field, value, normal, contribution, sentence}, ...], the weightiest first

Examples:
  aristarch score --model models/m --data new.parquet --out scored.parquet
  aristarch score --model models/m --data "day-*.csv" --out scored.csv.gz --rate 0.001 --json`;

export function createScoreCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('score')
    .description('Score a table of any size: every row gets its score, p-value and verdict.')
    .option('--json', 'write a summary as JSON to standard output');
  addOptions(command, SCORE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runScore, terminal));
}

async function runScore({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(SCORE_SETTINGS, { flags: givenFlags(command), env: process.env });
  const detector = await openDetector(
    values.model,
    toDetectorOptions(values, (message) => note(terminal, message)),
  );
  try {
    const needed = neededOf(detector);
    const table = await openModelTable(
      values,
      detector,
      values.exclude.filter((name) => !needed.has(name)),
    );
    try {
      table.leftOut.forEach((message) => warn(terminal, message));
      const summary = await scoreAll(values, detector, table, terminal);
      if (json) emitJson(terminal, summary);
      else emitText(terminal, describeSummary(summary, unitOf(detector)));
    } finally {
      await table.close();
    }
  } finally {
    await detector.close();
  }
}

const unitOf = ({ description: { schema } }: Detector): 'images' | 'rows' => (schema.image ? 'images' : 'rows');

/** Columns that the model reads: they are left out of the result only, where others are not read at all. */
const neededOf = ({ description: { schema } }: Detector): ReadonlySet<string> =>
  new Set([...schema.fields, ...(schema.image ? [schema.image] : [])].map(({ name }) => name));

export type ScoreSummary = Awaited<ReturnType<typeof scoreAll>>;

async function scoreAll(values: ScoreValues, detector: Detector, table: Table, terminal: Terminal) {
  const { description } = detector;
  const { extra } = matchColumns(table.columns, description.schema);
  const falsePositiveRate = values.rate ?? description.falsePositiveRate;
  const threshold = detector.thresholdAt(falsePositiveRate);
  const progress = createProgress(terminal, { label: 'scoring', unit: unitOf(detector), total: table.rowCount });
  const startedAt = performance.now();
  try {
    const onRows = (done: number) => progress.update(done);
    const explained = values.explain === undefined ? {} : { explainTopK: values.explain };
    const parts = {
      detector,
      table,
      out: values.out,
      without: values.exclude,
      falsePositiveRate,
      onRows,
      ...explained,
    };
    const { rows, flagged } = await scoreTable(parts);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      model: description.name,
      modelVersion: description.version,
      device: description.device,
      out: values.out,
      rows,
      flagged,
      falsePositiveRate,
      threshold,
      /** Whether rows were judged by the thresholds of their groups instead. */
      isGrouped: description.calibration.groups !== undefined,
      /** Columns that the model does not know; they are in the result all the same. */
      unknownColumns: extra,
      /** What was not read of the files, as on standard error. */
      warnings: table.leftOut,
      seconds,
      rowsPerSecond: rows / seconds,
    };
  } finally {
    progress.finish();
  }
}

function describeSummary(summary: ScoreSummary, unit: string): string {
  const { rows, flagged, falsePositiveRate, threshold, isGrouped, out, rowsPerSecond, unknownColumns } = summary;
  const percent = ((100 * flagged) / rows).toFixed(2);
  const lines = [
    `${showCount(rows)} ${unit} scored by ${summary.model}, ${showCount(Math.round(rowsPerSecond))} ${unit}/s: ${out}`,
    `${showCount(flagged)} (${percent} %) are anomalous at a false-positive rate of ${showRate(falsePositiveRate)} (${describeLimit(threshold, isGrouped)})`,
  ];
  const ignored = unknownColumns.length === 0 ? [] : [`in the result, and not looked at: ${unknownColumns.join(', ')}`];
  return [...lines, ...ignored].join('\n');
}
