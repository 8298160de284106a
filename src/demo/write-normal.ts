import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openDatabase } from '../tables/duckdb.ts';
import { quoteName, quoteText } from '../tables/sql.ts';
import { PAYMENT_COLUMNS, type Payment } from './payments.ts';

/** Writes payments as a Parquet file, in their order. */
export async function writePayments(path: string, payments: Iterable<Payment>): Promise<void> {
  const database = await openDatabase({});
  try {
    const lines = join(database.folder, 'payments.ndjson');
    await pipeline(Readable.from(toLines(payments)), createWriteStream(lines));
    const types = Object.entries(PAYMENT_COLUMNS).map(([name, type]) => `${quoteName(name)}: ${quoteText(type)}`);
    const source = `read_json(${quoteText(lines)}, format = 'newline_delimited', columns = {${types.join(', ')}})`;
    await database.run(`COPY (SELECT * FROM ${source}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    await database.close();
  }
}

function* toLines(payments: Iterable<Payment>): Generator<string> {
  for (const payment of payments) yield `${JSON.stringify(payment)}\n`;
}
