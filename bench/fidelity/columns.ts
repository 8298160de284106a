import { openTable } from '../../src/tables/table.ts';

/** A value of a table, of the types that the sets have. */
export type Cell = number | bigint | string | boolean | null | undefined;

export type ColumnKind = 'number' | 'category';
export type ColumnKinds = Readonly<Record<string, ColumnKind>>;

/** A column as the measures take it; missing is NaN, or the level `null`. */
export type Column =
  | { readonly name: string; readonly kind: 'number'; readonly values: Float64Array }
  | { readonly name: string; readonly kind: 'category'; readonly values: readonly (string | null)[] };

/** Reads a table's columns as the given kinds, in the order of `kinds`. Numbers that stand for categories become their texts. */
export async function readColumns(path: string, kinds: ColumnKinds): Promise<Column[]> {
  const table = await openTable({ data: [path], threads: 1 });
  try {
    const records = await table.query('* FROM data');
    return Object.entries(kinds).map(([name, kind]): Column => {
      const cells = records.map((record) => record[name] as Cell);
      if (kind === 'number') return { name, kind, values: Float64Array.from(cells, toNumber) };
      return { name, kind, values: cells.map(toLevel) };
    });
  } finally {
    await table.close();
  }
}

function toNumber(cell: Cell): number {
  return cell === null || cell === undefined || cell === '' ? NaN : Number(cell);
}

function toLevel(cell: Cell): string | null {
  if (cell === null || cell === undefined || cell === '' || Number.isNaN(cell)) return null;
  // 1 and 1.0 are one level, however a file writes it.
  const number = typeof cell === 'string' ? Number(cell) : NaN;
  return Number.isFinite(number) ? String(number) : String(cell);
}

/** Rows of a table. */
export function rowCount(columns: readonly Column[]): number {
  return columns[0]?.values.length ?? 0;
}
