import { hash } from 'node:crypto';
import type { RawRecord } from '../../scoring/detector.ts';

/**
 * Where a key falls in [0, 1): evenly over keys, the same at each call, in each process and after each start, so that whatever
 * bears one key stays on one side; and nobody changes sides when a share grows. Each model has an order of its own.
 */
export function positionOf(model: string, key: string): number {
  return parseInt(hash('sha1', `${model}\0${key}`, 'hex').slice(0, 8), 16) / 2 ** 32;
}

/** Places for what bears no key, one after the other: as even as can be (multiples of the golden ratio), and without dice. */
export function createPositions(): () => number {
  let position = 0;
  return () => (position = (position + GOLDEN) % 1);
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The key that a record bears in a field; undefined where there is no field, or nothing that can be a key in it. */
export function keyOfRecord(record: RawRecord, field: string | undefined): string | undefined {
  const value = field !== undefined && Object.hasOwn(record, field) ? record[field] : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

/** What becomes of a record: the candidate answers, or scores it besides, or has nothing to do with it. */
export type Part = 'canary' | 'shadow' | 'serving';

export function partAt(
  position: number,
  { canary, shadow }: { readonly canary: number; readonly shadow: number },
): Part {
  if (position < canary) return 'canary';
  return position < canary + shadow ? 'shadow' : 'serving';
}
