import { rawRowBatches } from '../models/features/raw-rows.ts';
import { createResultWriter, type AddedColumn } from '../tables/result-writer.ts';
import type { Table } from '../tables/table.ts';
import type { Detector, ScoreOptions } from './detector.ts';

/** Columns that a scored table has more than its source. */
const ADDED: readonly AddedColumn[] = [
  { name: 'score', type: 'FLOAT' },
  { name: 'p_value', type: 'DOUBLE' },
  { name: 'anomalous', type: 'BOOLEAN' },
];

export interface ScoreTableParts extends ScoreOptions {
  readonly detector: Detector;
  readonly table: Table;
  /** The file to write; its ending says the format. */
  readonly out: string;
  /** Told the number of rows that are done. */
  readonly onRows: (done: number) => void;
}

export interface ScoredTable {
  readonly rows: number;
  readonly flagged: number;
}

/**
 * Scores every row of a table in bounded memory and writes them all, in order, with `score`, `p_value` and `anomalous`.
 * The file appears when it is whole. Throws what the table, the detector and the writer throw.
 */
export async function scoreTable({ detector, table, out, onRows, ...options }: ScoreTableParts): Promise<ScoredTable> {
  const writer = await createResultWriter(table, out, ADDED);
  let rows = 0;
  let flagged = 0;
  try {
    for await (const batch of rawRowBatches(table, detector.description.schema)) {
      const { scores, pValues, verdicts } = await detector.score(batch.rows, options);
      writer.append([scores, pValues, verdicts]);
      rows += scores.length;
      flagged += verdicts.reduce((sum, verdict) => sum + verdict, 0);
      onRows(rows);
    }
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
  await writer.commit();
  return { rows, flagged };
}
