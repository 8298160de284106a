import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { isMissing } from '../../base/files.ts';
import { MANIFEST_FILE } from '../../models/artefact/layout.ts';
import { isModel, modelsBelow } from '../../models/artefact/models-below.ts';
import { compareVersions, isName } from './names.ts';
import { readServingText, type ServingText } from './serving-rules.ts';

/** A version as it lies in the repository's folder. */
export interface FoundVersion {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
  /** Changes with the names, sizes and times of its files: what has the same stamp need not be looked at again. */
  readonly stamp: string;
  /** Why its folder cannot be read; absent where it can. */
  readonly unreadable?: string;
}

/** Names a version and its files: other files are another key, so that what changes is opened beside what it replaces. */
export function keyOf({ model, version, stamp }: FoundVersion): string {
  return `${model}/${version}\n${stamp}`;
}

/** A model as it lies in the repository's folder. */
export interface FoundModel {
  /** Oldest first. */
  readonly versions: readonly FoundVersion[];
  readonly serving: ServingText;
  /** Why the model's folder could not be looked at: nothing is known of it, then. */
  readonly unreadable?: string;
}

export const NOTHING_FOUND: FoundModel = { versions: [], serving: { text: '', unreadable: '' } };

export function isSame(a: FoundModel, b: FoundModel): boolean {
  return (
    a.unreadable === b.unreadable &&
    a.serving.text === b.serving.text &&
    a.serving.unreadable === b.serving.unreadable &&
    a.versions.length === b.versions.length &&
    a.versions.every((found, place) => keyOf(found) === keyOf(b.versions[place]!))
  );
}

/** A model without a version is not there, unless its folder cannot be read. */
export type FoundModels = ReadonlyMap<string, FoundModel>;

/**
 * What lies in a repository's folder, `NAME/VERSION/manifest.json`. Other files, folders whose names cannot be a model's
 * or a version's (a copy that is being written begins with a dot), and links that leave the repository are not seen.
 * Throws `NOT_FOUND` where the folder itself cannot be read; a model or a version that cannot be says so, and harms no other.
 */
export async function scanRepository(root: string): Promise<FoundModels> {
  const home = await realpath(root).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  const names = await readdir(home).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  const found: [string, FoundModel][] = [];
  for (const model of names.filter(isName).sort()) {
    const each = await scanModel(home, model);
    if (each.versions.length > 0 || each.unreadable !== undefined) found.push([model, each]);
  }
  return new Map(found);
}

/** For people, of a repository in which no model was found: a wrong folder looks like one that is filled later. */
export async function describeEmpty(root: string): Promise<string> {
  const hint = (await isModel(root))
    ? `${root} is one model: serve it with --model, or give the folder two above it`
    : (await modelsBelow(root, 1)).length > 0
      ? `${root} holds versions of one model: give the folder above it`
      : 'those that come as NAME/VERSION/ are served without a restart';
  return `there is no model in the models' folder ${root}, and no call can be answered: ${hint}`;
}

/** What tells a folder from another one in its place, as that is on which a volume was mounted. */
export async function placeOf(root: string): Promise<string> {
  const { dev, ino } = await stat(root).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  return `${dev} ${ino}`;
}

/** Of an empty folder in the place of one with models: they were not taken away, but lost with a volume. */
export function allGone(root: string): AristarchError {
  const message =
    `the models' folder ${root} is empty, and not the one that the served models are from: a volume may have been lost; ` +
    'mount it again, or take the models out by UnloadModel';
  return new AristarchError('NOT_FOUND', message, { folder: root });
}

/** The versions of one model, and what its serving.json says. */
export async function scanModel(root: string, model: string): Promise<FoundModel> {
  const home = await realpath(root).catch(() => root);
  const names = await readdir(join(home, model)).catch((cause: unknown) => (isNone(cause) ? [] : messageOf(cause)));
  if (typeof names === 'string') return { ...NOTHING_FOUND, unreadable: names };
  const versions = await Promise.all(names.filter(isName).map((version) => scanVersion(home, model, version)));
  const serving = await readServingText(home, model);
  return { versions: versions.flat().sort((a, b) => compareVersions(a.version, b.version)), serving };
}

/** A folder that goes away while it is looked at, or a file among the folders. */
function isNone(error: unknown): boolean {
  return isMissing(error) || messageOf(error).includes('ENOTDIR');
}

async function scanVersion(home: string, model: string, version: string): Promise<FoundVersion[]> {
  let folder = join(home, model, version);
  try {
    folder = await realpath(folder);
    if (!folder.startsWith(home + sep)) return [];
    const files = (await readdir(folder)).sort();
    if (!files.includes(MANIFEST_FILE)) return [];
    const stamps = await Promise.all(files.map((name) => stampOf(folder, name)));
    return [{ model, version, folder, stamp: [folder, ...stamps].join('\n') }];
  } catch (error) {
    if (isNone(error)) return [];
    const unreadable = messageOf(error);
    return [{ model, version, folder, stamp: `unreadable: ${unreadable}`, unreadable }];
  }
}

async function stampOf(folder: string, name: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(join(folder, name));
  return `${name} ${size} ${mtimeMs} ${ino}`;
}

function unreadable(root: string, cause: unknown): AristarchError {
  const why = isMissing(cause) ? 'does not exist' : `cannot be read (${messageOf(cause)})`;
  const message = `the models' folder ${root} ${why}: give a folder with NAME/VERSION/ inside, each a folder that "train --out" wrote`;
  return new AristarchError('NOT_FOUND', message, { folder: root }, cause);
}
