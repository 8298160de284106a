import { join } from 'node:path';
import { rawRowBatches } from '../../src/models/features/raw-rows.ts';
import { openTable } from '../../src/tables/table.ts';
import { createNumpyRandom } from '../support/numpy-random.ts';
import { DATA_FOLDER, numberSchema } from '../support/open-sets.ts';
import { chooseRows, type Exchange, type RawColumn, type SourceTable } from './sources.ts';

/** One study at four hospitals (UCI heart disease). Switzerland, with 8 healthy rows of 123, is nobody's target. */
export const HOSPITALS = ['cleveland', 'hungarian', 'switzerland', 'va'] as const;

const COLUMNS: Readonly<Record<string, RawColumn['kind']>> = {
  ...{ age: 'number', sex: 'boolean', cp: 'category', trestbps: 'number', chol: 'number', fbs: 'boolean' },
  ...{ restecg: 'category', thalach: 'number', exang: 'boolean', oldpeak: 'number' },
  ...{ slope: 'category', ca: 'number', thal: 'category' },
};
/** Nobody lives with a cholesterol or a blood pressure of 0: it was not measured. */
const ZERO_IS_NULL = new Set(['chol', 'trestbps']);
/** A hospital has a column that is known in more than half of its rows. */
const MOST_NULLS = 0.5;

export async function readHospitals(): Promise<SourceTable[]> {
  return Promise.all(HOSPITALS.map(readHospital));
}

async function readHospital(name: string): Promise<SourceTable> {
  const table = await openTable({ data: [join(DATA_FOLDER, 'heart', `${name}.parquet`)], threads: 1 });
  const names = Object.keys(COLUMNS);
  const values = new Map(names.map((column) => [column, new Float32Array(table.rowCount)]));
  const classes = new Uint8Array(table.rowCount);
  try {
    for await (const { rows, count, firstRow, beside } of rawRowBatches(table, numberSchema(names), {
      beside: ['label'],
    })) {
      for (let row = 0; row < count; row++) {
        names.forEach((column, at) => (values.get(column)![firstRow + row] = rows[row * names.length + at]!));
        classes[firstRow + row] = Number(beside['label']![row]);
      }
    }
  } finally {
    await table.close();
  }
  const columns = [...values].map(([column, numbers]) => toColumn(column, numbers));
  return { name, classes, columns: columns.filter(isKnown) };
}

function toColumn(name: string, numbers: Float32Array): RawColumn {
  const kind = COLUMNS[name]!;
  const values = ZERO_IS_NULL.has(name) ? numbers.map((value) => (value === 0 ? NaN : value)) : numbers;
  if (kind !== 'category') return { kind, name, values };
  return { kind, name, values: Array.from(values, (value) => (Number.isNaN(value) ? null : String(value))) };
}

function isKnown({ values }: RawColumn): boolean {
  const nulls = Array.from<number | string | null>(values).filter((value) => value === null || Number.isNaN(value));
  return nulls.length < MOST_NULLS * values.length;
}

/** `count` rows of the target, healthy and ill as they are in all of it; the others' rows; and all else of the target. */
export function splitHospitals(
  hospitals: readonly SourceTable[],
  target: string,
  count: number,
  split: number,
): Exchange {
  const table = hospitals.find(({ name }) => name === target)!;
  const random = createNumpyRandom(1000 + split);
  const all = allRows(table);
  const rowsOf = (label: number): Uint32Array => {
    const rows = all.filter((row) => table.classes[row] === label);
    return random.permutation(rows.length).map((at) => rows[at]!);
  };
  const [healthy, ill] = [rowsOf(0), rowsOf(1)];
  // Halves go down.
  const illCount = Math.ceil((count * ill.length) / all.length - 0.5);
  const chosen = Uint32Array.from([...healthy.subarray(0, count - illCount), ...ill.subarray(0, illCount)]);
  const source = chooseRows(table, chosen);
  return {
    target: source,
    others: hospitals.filter(({ name }) => name !== target).map((other) => chooseRows(other, allRows(other))),
    test: chooseRows(
      table,
      all.filter((row) => !chosen.includes(row)),
      source.schema,
    ),
  };
}

function allRows({ classes }: SourceTable): Uint32Array {
  return Uint32Array.from(classes, (_, row) => row);
}
