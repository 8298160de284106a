import { basename, join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { textColumns } from '../models/features/match-columns.ts';
import { rowWidth, type FeatureSchema } from '../models/features/schema.ts';
import type { NumberArray } from '../runtime/executor.ts';
import { formatOf } from '../tables/formats.ts';
import { openTable, type Table } from '../tables/table.ts';
import type { TrainConfig } from './config.ts';
import { fingerprintRows } from './data/fingerprint.ts';
import { markConditions } from './data/conditions.ts';
import { CONSTANT, inferSchema, type InferredSchema } from './data/infer.ts';
import { readRows, rowsWithin, type TrainingRows } from './data/read-rows.ts';
import { overriddenText, readSchemaFile, type SchemaFile } from './data/schema-overrides.ts';

/** The training rows, read and understood. */
export interface PreparedData {
  readonly schema: FeatureSchema;
  readonly rows: TrainingRows;
  /** Raw rows [count, rowWidth]. */
  readonly table: NumberArray;
  readonly fingerprint: Manifest['fingerprint'];
  readonly warnings: readonly string[];
  /** Files and addresses that the rows came from. */
  readonly sources: readonly string[];
  readonly name: string;
  /** Folder of the model. */
  readonly out: string;
}

/** Fewer rows than this say nothing about what is normal. */
const FEWEST_ROWS = 20;
/** Indices of rows are float32 in the training graph, which is exact up to here. */
const MOST_ROWS = 2 ** 24;

/** Opens the data, infers the schema (or keeps that of a model to go on from), reads the rows within the memory budget. */
export async function prepareData({ run }: Pick<TrainConfig, 'run'>, known?: FeatureSchema): Promise<PreparedData> {
  const file = run.schema === undefined ? { fields: {}, condition: [] } : await readSchemaFile(run.schema);
  const table = await openTable({
    data: run.data,
    exclude: run.target === undefined ? run.exclude : [],
    text: known === undefined ? overriddenText(file.fields) : textColumns(known),
    ...(run.where !== undefined && { where: run.where }),
  });
  try {
    if (table.files.every((file) => formatOf(file) === 'image')) throw onlyImages(table.files);
    if (table.rowCount < FEWEST_ROWS) throw tooFewRows(table.rowCount, run.where);
    const { schema, warnings: doubts } = known ? { schema: known, warnings: [] } : await understand(table, file, run);
    const warnings = [...table.leftOut, ...doubts];
    const maxRows = Math.min(MOST_ROWS, rowsWithin(run.memoryBudget * 2 ** 20, schema));
    if (maxRows < Math.min(FEWEST_ROWS, table.rowCount)) throw tooWide(run.memoryBudget);
    const rows = await readRows(table, schema, { maxRows, seed: run.seed });
    return {
      ...{ schema, rows, warnings, sources: table.files, ...modelPlace({ run }) },
      table: { data: rows.rows, shape: [rows.count, rowWidth(schema)] },
      fingerprint: fingerprintRows(schema, rows.rows, rows.count),
    };
  } finally {
    await table.close();
  }
}

/** Rows of such a table are names of files, of which nothing can be learnt. */
function onlyImages(files: readonly string[]): AristarchError {
  const message = `--data names images, such as ${files[0]}, and rows are asked for: give --image-column image, and --critic-only for no generator`;
  return new AristarchError('INVALID_INPUT', message, { files: files.length });
}

/** The schema that the rows have, corrected by people. */
async function understand(
  table: Table,
  file: SchemaFile,
  { condition, target, exclude }: TrainConfig['run'],
): Promise<InferredSchema> {
  const names = table.columns.map(({ name }) => name);
  // Of several sources, a column may be another's; prepareSources has checked the names.
  const excluded = exclude.map((name) => [name, 'exclude'] as const);
  const fields =
    target === undefined ? file.fields : pickNames({ ...file.fields, ...Object.fromEntries(excluded) }, names);
  const { schema, warnings } = await inferSchema(table, { overrides: fields });
  // What is the same in all normal rows, a label, is only carried along when rows are translated.
  const isCarried = (name: string): boolean =>
    target !== undefined && schema.excluded.some((each) => each.name === name && each.reason === CONSTANT);
  const conditions = [...condition, ...file.condition].filter((name) => !isCarried(name));
  const marked = markConditions(schema, new Set(conditions));
  return { schema: marked.schema, warnings: [...warnings, ...marked.warnings] };
}

function pickNames<T>(named: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(named).filter(([name]) => names.includes(name)));
}

type PlaceValues = Pick<TrainConfig['run'], 'data' | 'name' | 'out' | 'target'>;
/** Name and folder of the model that a run makes. */
export function modelPlace({ run }: { run: PlaceValues }): Pick<PreparedData, 'name' | 'out'> {
  const name = run.name ?? run.target ?? nameFrom(run.data[0] ?? 'model');
  return { name, out: withoutSlash(run.out ?? join('models', name)) };
}

function tooFewRows(count: number, where: string | undefined): AristarchError {
  const left = where === undefined ? '' : ` where ${where}`;
  const message = `the data have ${count} rows${left}; at least ${FEWEST_ROWS} normal rows are needed to train`;
  return new AristarchError('INVALID_INPUT', message, { count });
}

function tooWide(memoryBudget: number): AristarchError {
  const message = `fewer than ${FEWEST_ROWS} rows fit in --memory-budget ${memoryBudget}: give more, or exclude columns`;
  return new AristarchError('INVALID_INPUT', message, { memoryBudget });
}

/** The checkpoint's folder is named after the model's: `models/m/` must not put it inside. */
const withoutSlash = (path: string): string => path.replace(/(?<=[^/\\])[/\\]+$/, '');

/** `s3://b/normal-*.parquet?x` -> `normal`. */
function nameFrom(address: string): string {
  const name = basename(address.replace(/[?#].*$/, '')).replace(/\..*$/, '');
  return name.replace(/[^\w-]+/g, '').replace(/^[-_]+|[-_]+$/g, '') || 'model';
}
