import type { LinearConditional } from '../../models/explain/explain-reference.ts';
import type { NumberArray } from '../../runtime/executor.ts';

/** Added to each column's variance, as a share of the mean variance: columns that repeat each other stay soluble. */
const RIDGE = 1e-2;

/**
 * The best linear prediction of each of the first `numbers` columns from all others. With the precision matrix P (the
 * inverse of the covariance), the weight of column j for column k is -P[k, j] / P[k, k] (Lauritzen 1996, section 5.1).
 */
export function fitConditional(table: NumberArray, numbers: number): LinearConditional {
  const width = table.shape[1] ?? 0;
  const { means, covariance } = momentsOf(table);
  const trace = covariance.reduce((total, row, k) => total + row[k]!, 0);
  covariance.forEach((row, k) => (row[k]! += (RIDGE * trace) / width));
  const precision = invert(covariance);
  const weights = new Float32Array(width * numbers);
  const offsets = new Float32Array(numbers);
  for (let k = 0; k < numbers; k++) {
    const row = precision[k]!;
    let offset = means[k]!;
    for (let j = 0; j < width; j++) {
      if (j === k) continue;
      const weight = -row[j]! / row[k]!;
      weights[j * numbers + k] = weight;
      offset -= weight * means[j]!;
    }
    offsets[k] = offset;
  }
  return { weights, offsets };
}

function momentsOf({ data, shape }: NumberArray): { means: Float64Array; covariance: Float64Array[] } {
  const [count = 0, width = 0] = shape;
  const means = new Float64Array(width);
  for (let row = 0; row < count; row++) for (let j = 0; j < width; j++) means[j]! += data[row * width + j]! / count;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  const centred = new Float64Array(width);
  for (let row = 0; row < count; row++) {
    for (let j = 0; j < width; j++) centred[j] = data[row * width + j]! - means[j]!;
    for (let k = 0; k < width; k++) {
      const [line, value] = [covariance[k]!, centred[k]! / count];
      for (let j = 0; j <= k; j++) line[j]! += value * centred[j]!;
    }
  }
  for (let k = 0; k < width; k++) for (let j = 0; j < k; j++) covariance[j]![k] = covariance[k]![j]!;
  return { means, covariance };
}

/** The inverse of a symmetric positive definite matrix, in place of it: Gauss-Jordan, which needs no pivots there. */
function invert(matrix: Float64Array[]): Float64Array[] {
  const size = matrix.length;
  for (let p = 0; p < size; p++) {
    const pivotRow = matrix[p]!;
    const pivot = pivotRow[p]!;
    pivotRow[p] = 1;
    for (let j = 0; j < size; j++) pivotRow[j]! /= pivot;
    for (let k = 0; k < size; k++) {
      if (k === p) continue;
      const row = matrix[k]!;
      const factor = row[p]!;
      row[p] = 0;
      for (let j = 0; j < size; j++) row[j]! -= factor * pivotRow[j]!;
    }
  }
  return matrix;
}
