import { AristarchError } from '../../base/errors.ts';
import { rowWidth } from '../../models/features/schema.ts';
import {
  classKey,
  createClassifier,
  takeApart,
  type Carried,
  type ClassLevels,
} from '../../models/radial/carried-classes.ts';
import type { TranslationSource } from './fit-translation.ts';
import type { ReadSource } from './read-sources.ts';

export type { Carried, ClassLevels } from '../../models/radial/carried-classes.ts';

/** More classes than this are no label: networks would be told a measurement. */
const MOST_CLASSES = 64;

/** A source whose normal rows are known. */
export interface PreparedSource extends TranslationSource {
  readonly classes: Uint32Array;
  /** Rows that fulfil --where, in order; all without it. */
  readonly normals: Uint32Array;
}

/** Name of the column that says whether a row is normal. */
export const NORMAL = '(normal)';

export interface ClassedSources {
  readonly sources: readonly PreparedSource[];
  readonly carried: readonly Carried[];
  readonly classes: readonly ClassLevels[];
}

/** Turns the conditions of all sources into classes: each combination of levels that occurs is one. */
export function splitConditions(read: readonly ReadSource[], names: readonly string[], target: string): ClassedSources {
  const kinds = read.find(({ name }) => name === target)?.kinds ?? {};
  const carried = names.map((name) => ({ name, kind: kinds[name] ?? 'category' }));
  const parts = read.map((source) => {
    const { levels: flags, ...own } = takeApart(source.schema, source.rows.data, source.isMarked ? [NORMAL] : []);
    const normals = Uint32Array.from(flags.keys()).filter((row) => !source.isMarked || flags[row]![0] === '1');
    return { ...takeApart(own.schema, own.data, names), normals };
  });
  const seen = new Map<string, ClassLevels>();
  for (const { levels } of parts) for (const each of levels) seen.set(classKey(each), each);
  if (seen.size > MOST_CLASSES) throw tooMany(names, seen.size);
  const classes = [...seen.keys()].sort().map((key) => seen.get(key)!);
  const classOf = createClassifier(carried, classes);
  const sources = parts.map(({ schema, data, levels, normals }, index): PreparedSource => {
    const width = rowWidth(schema);
    if (width === 0) throw nothingLeft(read[index]!.name);
    const rows = { data, shape: [data.length / width, width] };
    return { name: read[index]!.name, schema, rows, classes: Uint32Array.from(levels, classOf), normals };
  });
  return { sources, carried, classes };
}

function tooMany(names: readonly string[], count: number): AristarchError {
  const message = `--condition ${names.join(',')} has ${count} combinations of values in the sources, more than ${MOST_CLASSES}: name columns with few values, such as a label`;
  return new AristarchError('INVALID_INPUT', message, { names, count });
}

function nothingLeft(source: string): AristarchError {
  const message = `the source ${source} has no column beside the conditions: there is nothing to translate`;
  return new AristarchError('INVALID_INPUT', message, { source });
}
