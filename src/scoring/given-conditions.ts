import { AristarchError } from '../base/errors.ts';
import type { RawRecord } from '../models/features/encode.ts';
import { textColumns } from '../models/features/match-columns.ts';
import { rawRowBatches } from '../models/features/raw-rows.ts';
import type { FeatureSchema, Field, FieldKind } from '../models/features/schema.ts';
import { checkNotSource } from '../tables/output-file.ts';
import { openTable, type Table } from '../tables/table.ts';
import { conditionSchema } from './sample-conditions.ts';
import type { SampleOptions, SamplerDescription } from './sampler.ts';

/** Conditions as a person gave them on the command line. */
export interface GivenConditions {
  readonly options: Pick<SampleOptions, 'condition' | 'conditionRows'>;
  /** Rows of the file that they come from. */
  readonly rows?: number;
  close(): Promise<void>;
}

export interface ConditionFlags {
  readonly condition?: string | undefined;
  readonly conditionsFrom?: readonly string[] | undefined;
  readonly memory: string;
  /** The file that is going to be written. */
  readonly out: string;
}

/** Reads `--condition`, or opens the data of `--conditions-from`. Throws `INVALID_INPUT` for both, and what `openTable` throws. */
export async function openConditions(
  { name, schema }: SamplerDescription,
  { condition, conditionsFrom, memory, out }: ConditionFlags,
): Promise<GivenConditions> {
  const own = conditionSchema(schema);
  const close = () => Promise.resolve();
  if (condition !== undefined && conditionsFrom !== undefined) {
    throw new AristarchError('INVALID_INPUT', '--condition and --conditions-from exclude each other: give one of them');
  }
  if (condition !== undefined) return { options: { condition: parseCondition(condition, own) }, close };
  if (conditionsFrom === undefined) return { options: {}, close };
  if (own.fields.length === 0) {
    const message = `--conditions-from is of no use: "${name}" was trained without conditions (train --condition)`;
    throw new AristarchError('INVALID_INPUT', message, { model: name });
  }
  const table = await openTable({ data: conditionsFrom, text: textColumns(own), memoryLimit: memory });
  try {
    checkNotSource(table.files, out);
  } catch (thrown) {
    await table.close();
    throw thrown;
  }
  return { options: { conditionRows: readAgain(table, own) }, rows: table.rowCount, close: () => table.close() };
}

/** The table's rows without end. */
async function* readAgain(table: Table, own: FeatureSchema): AsyncGenerator<Float32Array> {
  for (;;) for await (const { rows } of rawRowBatches(table, own)) yield rows;
}

/** `machine=a,site=b`, or a JSON object for values with commas. An empty value is missing. */
export function parseCondition(given: string, own: FeatureSchema): RawRecord {
  if (given.trimStart().startsWith('{')) return parseJson(given);
  const pairs = given.split(',').map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    throw invalid(`"${pair}" is no pair of name and value`);
  });
  const repeated = pairs.find(([name], at) => pairs.findIndex(([other]) => other === name) < at);
  if (repeated) throw invalid(`${repeated[0]} is given twice`);
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      const field = own.fields.find((each) => each.name === name);
      return [name, field === undefined || value === '' ? value || null : FROM_TEXT[field.kind](value, field)];
    }),
  );
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

const FROM_TEXT: { readonly [K in FieldKind]: (value: string, field: Field) => unknown } = {
  number: (value, { name }) => {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
    throw invalid(`${name}=${value} is no number`);
  },
  boolean: (value, { name }) => {
    const flag = FLAGS.get(value.toLowerCase());
    if (flag !== undefined) return flag;
    throw invalid(`${name}=${value} is neither true nor false`);
  },
  category: (value) => value,
  timestamp: (value) => value,
};

function parseJson(given: string): RawRecord {
  try {
    const value: unknown = JSON.parse(given);
    // It starts with a brace: what it is, is an object.
    return value as RawRecord;
  } catch {
    throw invalid(`${given} is no JSON object`);
  }
}

function invalid(fault: string): AristarchError {
  const message = `--condition: ${fault}; give name=value,name=value, or a JSON object such as {"machine": "a, b"}`;
  return new AristarchError('INVALID_INPUT', message);
}
