import { columns, equal, isNaN, maximum, minimum, select } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Values at the ends of a column's range that many rows have, such as the 0 of an amount that is often nothing; null where there is none. */
export interface PointMasses {
  readonly lowest: number | null;
  readonly highest: number | null;
}

/** A point mass has a larger part of the rows than this. */
const LEAST_SHARE = 0.1;

/** Of `sorted` finite values out of so many rows. A constant column has none. */
export function findPointMasses(sorted: Float32Array, rows: number): PointMasses {
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || first === last) return { lowest: null, highest: null };
  const countOf = (value: number): number => sorted.lastIndexOf(value) - sorted.indexOf(value) + 1;
  const massOf = (value: number): number | null => (countOf(value) > LEAST_SHARE * rows ? value : null);
  return { lowest: massOf(first), highest: massOf(last) };
}

interface Ends {
  readonly target: { readonly masses: PointMasses };
  /** `imputed` stands for what is missing in the column at `slot`. */
  readonly source: { readonly masses: PointMasses; readonly slot: number; readonly imputed: number };
}

/**
 * Translated numbers [n, 1] in the target's units, and the raw rows that they came from: where a point mass is at the same end of both, the
 * source's becomes the target's, since networks would spread it, and no other value passes it. A missing value counts as what stands for it.
 */
export function keepPointMasses(value: Tensor, raw: Tensor, { target, source }: Ends): Tensor {
  const own = columns(raw, source.slot, source.slot + 1);
  const known = select(isNaN(own), source.imputed, own);
  return ENDS.reduce((kept, { end, bound }) => {
    const [from, to] = [source.masses[end], target.masses[end]];
    return from === null || to === null ? kept : select(equal(known, from), to, bound(kept, to));
  }, value);
}

const ENDS = [
  { end: 'lowest', bound: maximum },
  { end: 'highest', bound: minimum },
] as const;
