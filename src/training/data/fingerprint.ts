import { createHash } from 'node:crypto';
import type { Manifest, ColumnFingerprint } from '../../models/artefact/manifest.ts';
import { rowWidth, SLOTS, type FeatureSchema, type Field } from '../../models/features/schema.ts';

/** Shares at which quantiles are kept; the first and last are minimum and maximum. */
const QUANTILES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];
/** Name of the levels that were not kept, in `levelShares`. */
const OTHER_LEVELS = '(other levels)';

/**
 * What the training rows were, for the manifest: sha256 over schema and raw rows, and per field the share of missing
 * values, the quantiles, mean and standard deviation of finite numbers, the shares of levels and flags among all rows.
 */
export function fingerprintRows(schema: FeatureSchema, rows: Float32Array, count: number): Manifest['fingerprint'] {
  const width = rowWidth(schema);
  const used = rows.subarray(0, count * width);
  const bytes = new Uint8Array(used.buffer, used.byteOffset, used.byteLength);
  const sha256 = createHash('sha256').update(JSON.stringify(schema)).update(bytes).digest('hex');
  let offset = 0;
  const columns = schema.fields.map((field) => {
    const values = new Float32Array(count);
    for (let row = 0, at = offset; row < count; row++, at += width) values[row] = used[at]!;
    offset += SLOTS[field.kind];
    return describeColumn(field, values);
  });
  return { sha256, columns };
}

function describeColumn(field: Field, values: Float32Array): ColumnFingerprint {
  let missing = 0;
  for (const value of values) if (Number.isNaN(value)) missing++;
  const base = { name: field.name, missingShare: missing / values.length };
  switch (field.kind) {
    case 'number':
      return { ...base, ...describeNumbers(values) };
    case 'boolean':
      return { ...base, levelShares: describeLevels(['false', 'true'], values) };
    case 'category':
      return { ...base, levelShares: describeLevels(field.levels, values) };
    case 'timestamp':
      return base;
  }
}

function describeNumbers(values: Float32Array): Pick<ColumnFingerprint, 'quantiles' | 'mean' | 'standardDeviation'> {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return {};
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  const variance = squares / sorted.length;
  return { quantiles: QUANTILES.map((share) => quantile(sorted, share)), mean, standardDeviation: Math.sqrt(variance) };
}

/** Linear between order statistics, as numpy and DuckDB's quantile_cont do. */
function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

function describeLevels(levels: readonly string[], values: Float32Array): Record<string, number> {
  const counts = new Array<number>(levels.length + 1).fill(0);
  for (const value of values) {
    if (!Number.isNaN(value)) counts[value] = counts[value]! + 1;
  }
  const shares = levels.map((level, index) => [level, counts[index]! / values.length] as const);
  const others = counts[levels.length]! / values.length;
  return Object.fromEntries(others > 0 ? [...shares, [OTHER_LEVELS, others]] : shares);
}
