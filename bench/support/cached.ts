import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { writeFileAtomic } from '../../src/base/files.ts';

const CACHE = resolve(import.meta.dirname, '../../.cache/bench');

export interface CacheOptions<S extends z.ZodType> {
  /** Path below .cache/bench, with the hash of what the result depends on. */
  readonly key: string;
  readonly schema: S;
  /** Measure again what is there. */
  readonly fresh: boolean;
}

export interface Cached<T> {
  readonly value: T;
  readonly wasCached: boolean;
}

/** The result of an earlier run, or `measure`'s, which is kept: a bench that was cut goes on where it was. */
export async function cached<S extends z.ZodType>(
  { key, schema, fresh }: CacheOptions<S>,
  measure: () => Promise<z.output<S>>,
): Promise<Cached<z.output<S>>> {
  const path = join(CACHE, `${key}.json`);
  const text = fresh ? undefined : await readFile(path, 'utf8').catch(() => undefined);
  if (text !== undefined) return { value: schema.parse(JSON.parse(text)), wasCached: true };
  const value = await measure();
  await writeFileAtomic(path, `${JSON.stringify(value)}\n`);
  return { value, wasCached: false };
}
