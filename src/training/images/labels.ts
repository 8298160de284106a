import { AristarchError } from '../../base/errors.ts';
import { fewNames } from '../../base/few-names.ts';
import { suggestNames } from '../../base/near-names.ts';
import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import type { ImageLabel } from '../../models/features/schema.ts';
import { quoteName } from '../../tables/sql.ts';
import type { Table } from '../../tables/table.ts';

/** Labels of images, in their order. */
export interface PreparedLabels {
  readonly label: ImageLabel;
  /** Place of each image's level among `label.levels`, [count]; `NO_LEVEL` for one that no image to train on has. */
  readonly places: Float32Array;
}

/** The place of a label that the generator never sees, which only held-out images have. */
export const NO_LEVEL = -1;

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

/**
 * Levels by how often they are there. Throws `INVALID_INPUT` where one is missing, where all are one, where there are too many, and where no two
 * images have the same, as with the names of files.
 */
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
  if (levels.length === texts.length) {
    const shown = fewNames(texts.map(String));
    throw refused(
      name,
      `has another value in each image (${shown}), which names images, and no kinds of them: name another column`,
    );
  }
  const placeOf = new Map(levels.map((level, place) => [level, place]));
  return { label: { name, levels }, places: Float32Array.from(texts, (text) => placeOf.get(text!)!) };
}

/**
 * The levels that the images to train on have, so that none is asked of a generator which never saw it, and a warning that names the others.
 * Throws `INVALID_INPUT` where fewer than two are left.
 */
export function leaveUntrained(
  { label: { name, levels }, places }: PreparedLabels,
  trained: Uint32Array,
): { readonly labels: PreparedLabels; readonly warnings: readonly string[] } {
  const seen = new Set(Array.from(trained, (row) => places[row]!));
  const kept = levels.filter((_, place) => seen.has(place));
  const lost = levels.filter((_, place) => !seen.has(place));
  if (lost.length === 0) return { labels: { label: { name, levels }, places }, warnings: [] };
  const remedy = `give more such images, or have none held out: --cross-below ${places.length + 1}`;
  if (kept.length < 2) {
    throw refused(
      name,
      `is ${kept[0]} in all images to train on, since those that are ${lost.join(', ')} are held out: ${remedy}`,
    );
  }
  const placeOf = levels.map((_, place) => (seen.has(place) ? kept.indexOf(levels[place]!) : NO_LEVEL));
  const warning = `no image to train on has ${lost.map((level) => `${name}=${level}`).join(', ')}, since those that do are held out to calibrate: the generator makes no such images; ${remedy}`;
  return {
    labels: { label: { name, levels: kept }, places: places.map((place) => placeOf[place]!) },
    warnings: [warning],
  };
}

/** Warnings on levels that a single image has, of which a generator learns that image and no kind. */
export function warnOfLoneLevels({ label: { name, levels }, places }: PreparedLabels): readonly string[] {
  const lone = levels.filter((_, place) => places.indexOf(place) === places.lastIndexOf(place));
  if (lone.length === 0) return [];
  const which = `${lone.length} of ${levels.length} values of "${name}" (${fewNames(lone)})`;
  return [
    `${which} are of one image each, of which the generator learns that image, and no kind: give more such images, or leave these out with --where`,
  ];
}

const refused = (name: string, fault: string): AristarchError =>
  new AristarchError('INVALID_INPUT', `the condition "${name}" ${fault}`, { condition: name });

/** Shares of the levels, by which `sample` draws labels that nobody gives. */
export function fingerprintOfLabels({ label: { name, levels }, places }: PreparedLabels): ColumnFingerprint {
  const counts = levels.map((_, place) => places.reduce((count, each) => count + (each === place ? 1 : 0), 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = levels.map((level, place) => [level, counts[place]! / total] as const);
  return { name, missingShare: 0, levelShares: Object.fromEntries(shares) };
}
