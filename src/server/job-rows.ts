import { AristarchError } from '../base/errors.ts';
import type { DetectorDescription, RawRecord } from '../scoring/detector.ts';
import type { ScoreJob } from './scoring-service.ts';

/** How many rows a job has. Throws `SCHEMA_MISMATCH` where packed values are no rows of the model. */
export function countRows({ rowWidth, name }: DetectorDescription, { rows, width }: ScoreJob): number {
  if (!(rows instanceof Float32Array)) return rows.length;
  if (width !== undefined && width !== rowWidth) {
    throw new AristarchError(
      'SCHEMA_MISMATCH',
      `rows are ${width} values wide and model "${name}" takes ${rowWidth}; DescribeModel lists them as slots`,
      { width, rowWidth },
    );
  }
  if (rows.length % rowWidth !== 0) {
    throw new AristarchError(
      'SCHEMA_MISMATCH',
      `${rows.length} packed values are no whole number of rows of ${rowWidth} values`,
      { values: rows.length, rowWidth },
    );
  }
  return rows.length / rowWidth;
}

/** A packed row with its slots' names, for people. */
export function packedRecord(rows: Float32Array, row: number, slotNames: readonly string[]): RawRecord {
  return Object.fromEntries(slotNames.map((name, slot) => [name, rows[row * slotNames.length + slot]]));
}
