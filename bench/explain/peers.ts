import type { NumberArray } from '../../src/runtime/executor.ts';
import { standardise, type ColumnScale } from './columns.ts';

/** Says of a row how odd each of its columns is. */
export type Peer = (rows: NumberArray) => Float32Array;

/** |z|: deviations from the training mean. */
export const deviationPeer =
  (scales: readonly ColumnScale[]): Peer =>
  (rows) =>
    standardise(rows, scales).data.map(Math.abs);

const NEIGHBOURS = 5;

/** |x - mean of the 5 nearest training rows|, in standardised columns. */
export function neighbourPeer(train: NumberArray, scales: readonly ColumnScale[]): Peer {
  const width = scales.length;
  const known = standardise(train, scales).data;
  return (rows) => {
    const z = standardise(rows, scales).data;
    const gaps = new Float32Array(z.length);
    for (let at = 0; at < z.length; at += width) {
      const row = z.subarray(at, at + width);
      const nearest = nearestRows(row, known, width);
      for (let j = 0; j < width; j++) {
        const mean = nearest.reduce((total, start) => total + known[start + j]!, 0) / nearest.length;
        gaps[at + j] = Math.abs(row[j]! - mean);
      }
    }
    return gaps;
  };
}

/** Where the nearest rows start. */
function nearestRows(row: Float32Array, known: Float32Array, width: number): number[] {
  const best: { distance: number; start: number }[] = [];
  let limit = Infinity;
  for (let start = 0; start < known.length; start += width) {
    let distance = 0;
    for (let j = 0; j < width && distance < limit; j++) distance += (row[j]! - known[start + j]!) ** 2;
    if (distance >= limit) continue;
    best.push({ distance, start });
    best.sort((a, b) => a.distance - b.distance);
    best.length = Math.min(best.length, NEIGHBOURS);
    if (best.length === NEIGHBOURS) limit = best.at(-1)!.distance;
  }
  return best.map(({ start }) => start);
}
