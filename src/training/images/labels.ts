import { AristarchError } from '../../base/errors.ts';
import { suggestNames } from '../../base/near-names.ts';
import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import type { ImageLabel } from '../../models/features/schema.ts';
import { quoteName } from '../../tables/sql.ts';
import type { Table } from '../../tables/table.ts';

/** Labels of images, in their order. */
export interface PreparedLabels {
  readonly label: ImageLabel;
  /** Place of each image's level among `label.levels`, [count]. */
  readonly places: Float32Array;
}

/** More levels than this are names of images, and no kinds of them. */
const MOST_LEVELS = 1000;

/** SQL of a label as text. Throws `NOT_FOUND` where the table has no such column. */
export function labelExpression({ columns }: Pick<Table, 'columns'>, name: string): string {
  if (columns.some((column) => column.name === name)) return `CAST(${quoteName(name)} AS VARCHAR)`;
  const hint = suggestNames(
    name,
    columns.map((column) => column.name),
  );
  const message = `--condition names "${name}", which is no column of the data.${hint}`;
  throw new AristarchError('NOT_FOUND', message, { condition: name });
}

/** Levels by how often they are there. Throws `INVALID_INPUT` where one is missing, where all are one, and where there are too many. */
export function encodeLabels(name: string, texts: readonly (string | null)[]): PreparedLabels {
  const counts = new Map<string, number>();
  texts.forEach((text, row) => {
    if (text === null) throw refused(name, `is missing in image ${row}: leave such images out with --where`);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  });
  const levels = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  if (levels.length < 2) throw refused(name, `is ${levels[0] ?? 'nothing'} in all images: leave it out`);
  if (levels.length > MOST_LEVELS)
    throw refused(name, `has ${levels.length} levels; at most ${MOST_LEVELS} are kinds of images: name another column`);
  const placeOf = new Map(levels.map((level, place) => [level, place]));
  return { label: { name, levels }, places: Float32Array.from(texts, (text) => placeOf.get(text!)!) };
}

const refused = (name: string, fault: string): AristarchError =>
  new AristarchError('INVALID_INPUT', `the condition "${name}" ${fault}`, { condition: name });

/** Shares of the levels, by which `sample` draws labels that nobody gives. */
export function fingerprintOfLabels({ label: { name, levels }, places }: PreparedLabels): ColumnFingerprint {
  const counts = levels.map((_, place) => places.reduce((count, each) => count + (each === place ? 1 : 0), 0));
  const shares = levels.map((level, place) => [level, counts[place]! / places.length] as const);
  return { name, missingShare: 0, levelShares: Object.fromEntries(shares) };
}
