import { rawRowBatches } from '../models/features/raw-rows.ts';
import { createResultWriter, type AddedColumn } from '../tables/result-writer.ts';
import type { Table } from '../tables/table.ts';
import type { Detector, ScoreBatch, ScoreOptions } from './detector.ts';

/** Columns that a scored table has more than its source. */
const ADDED: readonly AddedColumn[] = [
  { name: 'score', type: 'FLOAT' },
  { name: 'p_value', type: 'DOUBLE' },
  { name: 'anomalous', type: 'BOOLEAN' },
];

const EXPLANATION: AddedColumn = { name: 'explanation', type: 'VARCHAR' };

export interface ScoreTableParts extends ScoreOptions {
  readonly detector: Detector;
  readonly table: Table;
  /** The file to write; its ending says the format. */
  readonly out: string;
  /** Most fields named in the explanation of an anomalous row; absent for no explanations. */
  readonly explainTopK?: number;
  /** Columns of the table that are not written. */
  readonly without?: readonly string[];
  /** Told the number of rows that are done. */
  readonly onRows: (done: number) => void;
}

export interface ScoredTable {
  readonly rows: number;
  readonly flagged: number;
}

/**
 * Scores every row of a table in bounded memory and writes them all, in order, with `score`, `p_value` and `anomalous`, and
 * with `explanation` where it is asked for: the contributions as JSON for an anomalous row, null for any other.
 * The file appears when it is whole. Throws what the table, the detector and the writer throw.
 */
export async function scoreTable(parts: ScoreTableParts): Promise<ScoredTable> {
  const { detector, table, out, without, onRows, explainTopK, ...options } = parts;
  const explains = explainTopK !== undefined;
  const writer = await createResultWriter(table, out, explains ? [...ADDED, EXPLANATION] : ADDED, without);
  let rows = 0;
  let flagged = 0;
  try {
    for await (const batch of rawRowBatches(table, detector.description.schema)) {
      const judged = await detector.score(batch.rows, options);
      const { scores, pValues, verdicts } = judged;
      const texts = explains ? [await explainAnomalous(detector, batch.rows, judged, explainTopK)] : [];
      writer.append([scores, pValues, verdicts, ...texts]);
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

/** For each row the contributions as JSON text where it is anomalous, else null. */
async function explainAnomalous(
  detector: Detector,
  rows: Float32Array,
  { verdicts }: ScoreBatch,
  topK: number,
): Promise<(string | null)[]> {
  const { rowWidth } = detector.description;
  const places = [...verdicts.keys()].filter((row) => verdicts[row] === 1);
  const packed = new Float32Array(places.length * rowWidth);
  places.forEach((row, index) => packed.set(rows.subarray(row * rowWidth, (row + 1) * rowWidth), index * rowWidth));
  const explanations = await detector.explain(packed, { topK });
  const texts = new Map(places.map((row, index) => [row, JSON.stringify(explanations[index]!.contributions)]));
  return Array.from(verdicts, (_, row) => texts.get(row) ?? null);
}
