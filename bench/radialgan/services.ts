import { join } from 'node:path';
import { rawRowBatches } from '../../src/models/features/raw-rows.ts';
import { openTable } from '../../src/tables/table.ts';
import { createNumpyRandom } from '../support/numpy-random.ts';
import { DATA_FOLDER, numberSchema } from '../support/open-sets.ts';
import { chooseRows, type Exchange, type RawColumn, type SourceTable } from './sources.ts';

/** Connections of NSL-KDD, by the service that they were made to. */
export interface Services {
  /** Normal connections, of the training file. */
  readonly normal: readonly SourceTable[];
  /** Normal connections and attacks, of the test file, which was recorded later. */
  readonly test: readonly SourceTable[];
}

const BESIDE = ['service', 'flag'];
const NOT_NUMBERS = new Set([...BESIDE, 'protocol_type', 'attack', 'label']);
/** Counts and bytes with heavy tails; they are taken as log(1 + x). */
const HEAVY = new Set([
  ...['duration', 'src_bytes', 'dst_bytes', 'count', 'srv_count', 'hot', 'dst_host_count', 'dst_host_srv_count'],
  ...['num_compromised', 'num_root'],
]);
/** The other services: the five largest. */
const OTHERS = 5;
const ROWS_OF_OTHERS = 400;

export async function readServices(): Promise<Services> {
  return { normal: await readFileOf('normal', []), test: await readFileOf('test', ['label']) };
}

async function readFileOf(file: string, labels: readonly string[]): Promise<SourceTable[]> {
  const table = await openTable({ data: [join(DATA_FOLDER, 'nsl-kdd', `${file}.parquet`)], threads: 1 });
  try {
    const names = table.columns.map(({ name }) => name).filter((name) => !NOT_NUMBERS.has(name));
    const schema = numberSchema(names);
    const values = names.map(() => new Float32Array(table.rowCount));
    const [services, flags]: (string | null)[][] = [[], []];
    const classes = new Uint8Array(table.rowCount);
    for await (const { rows, count, firstRow, beside } of rawRowBatches(table, schema, {
      beside: [...BESIDE, ...labels],
    })) {
      services!.push(...beside['service']!);
      flags!.push(...beside['flag']!);
      for (let row = 0; row < count; row++) {
        values.forEach((column, at) => (column[firstRow + row] = rows[row * names.length + at]!));
        classes[firstRow + row] = Number(beside['label']?.[row] ?? 0);
      }
    }
    const columns: RawColumn[] = [
      ...names.map((name, at) => ({
        ...{ kind: 'number' as const, name },
        values: HEAVY.has(name) ? values[at]!.map(Math.log1p) : values[at]!,
      })),
      { kind: 'category', name: 'flag', values: flags! },
    ];
    return groupBy(services!, columns, classes);
  } finally {
    await table.close();
  }
}

/** A table for each service, the largest first. */
function groupBy(
  services: readonly (string | null)[],
  columns: readonly RawColumn[],
  classes: Uint8Array,
): SourceTable[] {
  const rowsOf = new Map<string, number[]>();
  services.forEach((service, row) => {
    const rows = rowsOf.get(service ?? '') ?? [];
    rowsOf.set(service ?? '', rows);
    rows.push(row);
  });
  return [...rowsOf]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, rows]) => ({
      name,
      classes: Uint8Array.from(rows, (row) => classes[row]!),
      columns: columns.map((column) => takeRows(column, rows)),
    }));
}

function takeRows(column: RawColumn, rows: readonly number[]): RawColumn {
  if (column.kind === 'category') return { ...column, values: rows.map((row) => column.values[row]!) };
  return { ...column, values: Float32Array.from(rows, (row) => column.values[row]!) };
}

/** `count` normal connections of the target, 400 of each of the five largest other services, and the target's test connections. */
export function splitServices({ normal, test }: Services, target: string, count: number, split: number): Exchange {
  const random = createNumpyRandom(2000 + split);
  const draw = (table: SourceTable, most: number) =>
    chooseRows(table, random.permutation(table.classes.length).subarray(0, most));
  const named = (tables: readonly SourceTable[]) => tables.find(({ name }) => name === target)!;
  const source = draw(named(normal), count);
  const others = normal.filter(({ name }) => name !== target).slice(0, OTHERS);
  const all = Uint32Array.from(named(test).classes, (_, row) => row);
  return {
    target: source,
    others: others.map((table) => draw(table, ROWS_OF_OTHERS)),
    test: chooseRows(named(test), all, source.schema),
  };
}
