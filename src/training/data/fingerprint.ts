import { createHash } from 'node:crypto';
import { QUANTILE_SHARES, type ColumnFingerprint, type Manifest } from '../../models/artefact/manifest.ts';
import { rowWidth, SLOTS, type FeatureSchema, type Field } from '../../models/features/schema.ts';
import { sortedFinite } from '../../models/features/sorted-finite.ts';

/** Shares at which bins end: the deciles and the tails, so that later rows can be compared with these. */
const BIN_ENDS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
/** Name of the levels that were not kept, in `levelShares`. */
const OTHER_LEVELS = '(other levels)';

/**
 * What the training rows were, for the manifest: sha256 over schema and raw rows, and per field the share of missing
 * values, the quantiles, bins, mean and standard deviation of finite numbers, the shares of levels and flags among all rows.
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

type NumberSummary = Pick<ColumnFingerprint, 'quantiles' | 'bins' | 'mean' | 'standardDeviation'>;

function describeNumbers(values: Float32Array): NumberSummary {
  const sorted = sortedFinite(values);
  if (sorted.length === 0) return {};
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  const variance = squares / sorted.length;
  return {
    quantiles: QUANTILE_SHARES.map((share) => quantile(sorted, share)),
    bins: describeBins(sorted),
    mean,
    standardDeviation: Math.sqrt(variance),
  };
}

/** Ends are values that occur, each once: where many rows have one value, the bins are fewer and their shares say so. */
function describeBins(sorted: Float32Array): NonNullable<ColumnFingerprint['bins']> {
  const ends = BIN_ENDS.map((share) => sorted[Math.ceil(share * sorted.length) - 1]!);
  const edges = [...new Set(ends)];
  const upTo = edges.map((edge) => countUpTo(sorted, edge) / sorted.length);
  return { edges, shares: [...upTo, 1].map((share, bin) => share - (upTo[bin - 1] ?? 0)) };
}

function countUpTo(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
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
