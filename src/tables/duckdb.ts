import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDataChunk,
  DuckDBInstance,
  FLOAT,
  VARCHAR,
  type DuckDBVector,
} from '@duckdb/node-api';
import { AristarchError, messageOf } from '../base/errors.ts';
import { noTemporaryRoom, tellTemporaryRoom } from './temporary-room.ts';

/** DuckDB's vector size: the most rows a chunk holds. */
const CHUNK_ROWS = 2048;
const APPENDED_TYPES = { FLOAT, DOUBLE, BOOLEAN, VARCHAR, BLOB } as const;

export type AppendedType = keyof typeof APPENDED_TYPES;
/** Texts may be null. */
export type AppendedColumn = Float32Array | Float64Array | Uint8Array | readonly (string | Uint8Array | null)[];

export interface DatabaseOptions {
  /** The most memory DuckDB takes before it spills to disk, `<number><KB|MB|GB>`. Default 1GB. */
  readonly memoryLimit?: string;
  /** Threads of DuckDB; default one for each core. */
  readonly threads?: number;
}

/** Up to 2,048 rows of a streamed result. Columns are views that are valid until the next chunk is asked for. */
export interface Chunk {
  readonly rowCount: number;
  /** A FLOAT or DOUBLE column that has no nulls (the query says `coalesce(x, 'NaN')`). */
  numbers(column: number): Float32Array | Float64Array;
  /** A VARCHAR column. */
  texts(column: number): (string | null)[];
  /** A BLOB column. */
  blobs(column: number): (Uint8Array | null)[];
}

/** Rows written into a table, column by column. */
export interface Appender {
  append(columns: readonly AppendedColumn[]): void;
  close(): void;
}

/** One DuckDB with a temporary folder of its own. The only file that knows the package. */
export interface Database {
  /** For files that live as long as the database. */
  readonly folder: string;
  run(sql: string): Promise<void>;
  /** All rows of a small result; whole numbers beyond 32 bits are bigint. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** A result of any size in bounded memory, in the order of the source. */
  stream(sql: string): AsyncGenerator<Chunk>;
  openAppender(table: string, catalog: string, types: readonly AppendedType[]): Promise<Appender>;
  close(): Promise<void>;
}

export async function openDatabase({ memoryLimit = '1GB', threads }: DatabaseOptions): Promise<Database> {
  checkMemoryLimit(memoryLimit);
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-')).catch((thrown: unknown) => {
    throw noTemporaryRoom(tmpdir(), messageOf(thrown), thrown);
  });
  try {
    return tellTemporaryRoom(await openIn(folder, { memoryLimit, threads }));
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}

async function openIn(
  folder: string,
  { memoryLimit, threads }: { readonly memoryLimit: string; readonly threads: number | undefined },
): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memoryLimit,
    temp_directory: join(folder, 'spill'),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  });
  const connection = await instance.connect();
  // Timestamps without a zone are UTC everywhere in Aristarch.
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  return {
    folder,
    run: async (sql) => {
      await connection.run(sql);
    },
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJS(),
    stream: (sql) => streamChunks(instance, sql),
    openAppender: (table, catalog, types) => createAppender(instance, table, catalog, types),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function checkMemoryLimit(memoryLimit: string): void {
  if (/^\d+(\.\d+)? ?[KMGT]i?B$/i.test(memoryLimit)) return;
  const message = `the memory limit is "${memoryLimit}": give a number with a unit, for example 512MB or 2GB`;
  throw new AristarchError('INVALID_INPUT', message, { memoryLimit });
}

/** A connection of its own: a second statement on one connection would end the first one's stream. */
async function* streamChunks(instance: DuckDBInstance, sql: string): AsyncGenerator<Chunk> {
  const connection = await instance.connect();
  try {
    const result = await connection.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield toChunk(chunk);
    }
  } finally {
    connection.closeSync();
  }
}

function toChunk(chunk: DuckDBDataChunk): Chunk {
  return {
    rowCount: chunk.rowCount,
    numbers: (column) => {
      const vector = chunk.getColumnVector(column);
      const items = floatItems(vector);
      if (items !== undefined) return items;
      throw new AristarchError('INTERNAL', `column ${column} of the query is ${vector.type.toString()}, not a float`);
    },
    texts: (column) => chunk.getColumnValues(column).map((value) => (value === null ? null : toText(value))),
    blobs: (column) => chunk.getColumnValues(column).map((value) => (value === null ? null : toBytes(value))),
  };
}

/** The memory behind a FLOAT or DOUBLE vector. The package keeps it private, and offers one call a value instead. */
function floatItems(vector: DuckDBVector): Float32Array | Float64Array | undefined {
  const items: unknown = Reflect.get(vector, 'items');
  return items instanceof Float32Array || items instanceof Float64Array ? items : undefined;
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new AristarchError('INTERNAL', `the query gave ${typeof value} where text was asked for`);
}

function toBytes(value: unknown): Uint8Array {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  throw new AristarchError('INTERNAL', `the query gave ${typeof value} where bytes were asked for`);
}

async function createAppender(
  instance: DuckDBInstance,
  table: string,
  catalog: string,
  types: readonly AppendedType[],
): Promise<Appender> {
  const connection = await instance.connect();
  const appender = await connection.createAppender(table, null, catalog);
  const duckTypes = types.map((type) => APPENDED_TYPES[type]);
  return {
    append: (columns) => {
      const count = columns[0]?.length ?? 0;
      for (let at = 0; at < count; at += CHUNK_ROWS) {
        const part = DuckDBDataChunk.create(duckTypes, Math.min(CHUNK_ROWS, count - at));
        columns.forEach((column, index) => fillVector(part, index, column.slice(at, at + part.rowCount)));
        appender.appendDataChunk(part);
      }
    },
    close: () => {
      appender.closeSync();
      connection.closeSync();
    },
  };
}

function fillVector(chunk: DuckDBDataChunk, index: number, values: AppendedColumn): void {
  if (!ArrayBuffer.isView(values)) {
    const toValue = (value: (typeof values)[number]) =>
      ArrayBuffer.isView(value) ? new DuckDBBlobValue(value) : value;
    chunk.setColumnValues(index, values.map(toValue));
    return;
  }
  const vector = chunk.getColumnVector(index);
  const items = floatItems(vector);
  if (items === undefined) {
    const flags = Array.from(values, (value) => value !== 0);
    chunk.setColumnValues(index, flags);
    return;
  }
  items.set(values);
  vector.flush();
}
