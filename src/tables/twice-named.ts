import { AristarchError } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { toReadError } from './duckdb-faults.ts';
import type { Source } from './sources.ts';
import { quoteText } from './sql.ts';

/**
 * DuckDB tells names apart without regard to case, and gives the second of two equal ones another name (`a_1`), in silence. A model trained on that
 * would wait for a field that no caller sends. Whether such a name may have come about is seen without reading the file.
 */
export function mayBeRenamed(names: readonly string[]): boolean {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return names.some((name) => {
    const base = /^(.*)_\d+$/s.exec(name.toLowerCase())?.[1];
    return base !== undefined && lower.has(base);
  });
}

/** Throws `DATA_UNREADABLE` where two of the names that stand in a file are one; `where` says what has them. */
export function checkNamedOnce({ shown }: Source, names: readonly string[], where: string): void {
  const places = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const before = places.get(name.toLowerCase());
    if (before !== undefined && name !== '') {
      const other = names[before]!;
      const pair = [other, name].map((each) => JSON.stringify(each)).join(' and ');
      const twice =
        other === name
          ? `the name ${JSON.stringify(name)} twice (columns ${before + 1} and ${index + 1})`
          : `the names ${pair}, which differ in case alone`;
      const message = `cannot read ${shown}: ${where} has ${twice}: give each column a name of its own, or take one of them out`;
      throw new AristarchError('DATA_UNREADABLE', message, { files: [shown], column: name });
    }
    places.set(name.toLowerCase(), index);
  }
}

/** The same of Parquet and JSON, which have their names elsewhere than in a line. */
export async function checkNames(db: Database, source: Source, columns: readonly string[]): Promise<void> {
  if (!(source.format === 'parquet' || source.format === 'json') || !mayBeRenamed(columns)) return;
  const { read, where } = NAMES[source.format];
  try {
    checkNamedOnce(source, await read(db, quoteText(source.path)), where);
  } catch (thrown) {
    throw toReadError(thrown, [source.shown]);
  }
}

interface NamesOf {
  readonly read: (db: Database, path: string) => Promise<string[]>;
  readonly where: string;
}

const NAMES: { readonly [F in 'parquet' | 'json']: NamesOf } = {
  parquet: { where: 'its schema', read: topNames },
  json: { where: 'the file', read: allKeys },
};

/** A schema is listed with the parts of its columns, each after what it is a part of; the first is the root. */
async function topNames(db: Database, path: string): Promise<string[]> {
  const file = `file_name = (SELECT min(file_name) FROM parquet_schema(${path}))`;
  const rows = await db.rows(`SELECT name, num_children AS parts FROM parquet_schema(${path}) WHERE ${file}`);
  const names: string[] = [];
  let inside = 0;
  for (const { name, parts } of rows.slice(1)) {
    if (inside === 0) names.push(String(name));
    else inside--;
    inside += Number(parts ?? 0);
  }
  return names;
}

async function allKeys(db: Database, path: string): Promise<string[]> {
  const rows = await db.rows(
    `SELECT DISTINCT unnest(json_keys(json)) AS name FROM read_json_objects(${path}) ORDER BY name`,
  );
  return rows.map(({ name }) => String(name));
}
