import { AristarchError } from '../../base/errors.ts';
import { encodeRecords } from '../../models/features/encode.ts';
import { QUANTILE_SHARES, type ColumnFingerprint } from '../../models/artefact/manifest.ts';
import type { Field } from '../../models/features/schema.ts';
import type { Detector, DetectorDescription, RawRecord } from '../../scoring/detector.ts';

/**
 * Proof that a model runs on this machine, before it answers anybody. It scores a row of zeros and rows made of the training
 * rows' quantiles: scores must be finite, p-values in (0, 1], the same rows must get the same scores again, bit for bit, and
 * the last row alone the score that it got among the others, but for rounding. Throws `ARTEFACT_INVALID` that says which row
 * failed, and what `score` throws.
 */
export async function selfTest(detector: Detector): Promise<void> {
  const { description } = detector;
  const width = description.rowWidth;
  const rows = createReferenceRows(description);
  const count = rows.length / width;
  const { scores, pValues } = await detector.score(rows);
  for (let row = 0; row < count; row++) {
    if (scores.length === count && Number.isFinite(scores[row]) && pValues[row]! > 0 && pValues[row]! <= 1) continue;
    throw failed(description, `${nameOf(row)} got score ${String(scores[row])} and p-value ${String(pValues[row])}`);
  }
  if (count === 1) return;
  const again = await detector.score(rows);
  const changed = scores.findIndex((score, row) => !Object.is(score, again.scores[row]));
  if (changed !== -1) {
    const [first, second] = [scores[changed], again.scores[changed]].map(String);
    throw failed(description, `${nameOf(changed)} got score ${first}, and then ${second}`);
  }
  const [last, alone] = [scores[count - 1]!, (await detector.score(rows.slice(-width))).scores[0]!];
  if (Math.abs(alone - last) <= ROUNDING * Math.max(1, Math.abs(last))) return;
  throw failed(description, `${nameOf(count - 1)} got score ${last} among others, and ${alone} alone`);
}

/** ONNX Runtime may add up a row's products in another order where there are more rows; some 1e-6 of the score, then. */
const ROUNDING = 1e-4;

/** A row of zeros, then, where the training rows' spread is known, a row for each of its quantiles. */
function createReferenceRows({ schema, rowWidth, trainingColumns }: DetectorDescription): Float32Array {
  if (trainingColumns === undefined) return new Float32Array(rowWidth);
  const columns = new Map(trainingColumns.map((column) => [column.name, column]));
  const records = QUANTILE_SHARES.map((share, place): RawRecord => {
    const values = schema.fields.map((field) => [
      field.name,
      VALUES[field.kind](columns.get(field.name), place, share),
    ]);
    return Object.fromEntries(values) as RawRecord;
  });
  const rows = new Float32Array((1 + records.length) * rowWidth);
  rows.set(encodeRecords(schema, records), rowWidth);
  return rows;
}

type ReferenceValue = (column: ColumnFingerprint | undefined, place: number, share: number) => unknown;

const MONDAY_MS = Date.UTC(1970, 0, 5);
const WEEK_MS = 7 * 24 * 3600 * 1000;

const VALUES: { readonly [K in Field['kind']]: ReferenceValue } = {
  number: (column, place) => column?.quantiles?.[place] ?? null,
  boolean: (_, place) => place % 2 === 0,
  category: (column, place) => {
    const levels = Object.keys(column?.levelShares ?? {});
    return levels.length === 0 ? null : levels[place % levels.length];
  },
  timestamp: (_column, _place, share) => MONDAY_MS + share * WEEK_MS,
};

function nameOf(row: number): string {
  return row === 0
    ? 'a row of zeros'
    : `the row of the training rows' quantiles at ${String(QUANTILE_SHARES[row - 1])}`;
}

function failed({ name, version }: DetectorDescription, fault: string): AristarchError {
  const message = `model "${name}" failed its self-test: ${fault}; train it again, or serve another version`;
  return new AristarchError('ARTEFACT_INVALID', message, { name, version });
}
