import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { isMissing } from '../../base/files.ts';
import { MANIFEST_FILE } from '../../models/artefact/layout.ts';
import { compareVersions, isName } from './names.ts';

/** A version as it lies in the repository's folder. */
export interface FoundVersion {
  readonly model: string;
  readonly version: string;
  readonly folder: string;
  /** Changes with the names, sizes and times of its files: what has the same stamp need not be looked at again. */
  readonly stamp: string;
}

/** Names a version and its files: other files are another key, so that what changes is opened beside what it replaces. */
export function keyOf({ model, version, stamp }: FoundVersion): string {
  return `${model}/${version}\n${stamp}`;
}

export function isSame(a: readonly FoundVersion[], b: readonly FoundVersion[]): boolean {
  return a.length === b.length && a.every((found, place) => keyOf(found) === keyOf(b[place]!));
}

/** Versions by model, oldest first; a model without a version is not there. */
export type FoundModels = ReadonlyMap<string, readonly FoundVersion[]>;

/**
 * What lies in a repository's folder, `NAME/VERSION/manifest.json`. Other files, folders whose names cannot be a model's
 * or a version's (a copy that is being written begins with a dot), and links that leave the repository are not seen.
 * Throws `NOT_FOUND` where the folder itself cannot be read.
 */
export async function scanRepository(root: string): Promise<FoundModels> {
  const home = await realpath(root).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  const names = await readdir(home).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  const found: [string, readonly FoundVersion[]][] = [];
  for (const model of names.filter(isName).sort()) {
    const versions = await scanModel(home, model);
    if (versions.length > 0) found.push([model, versions]);
  }
  return new Map(found);
}

/** The versions of one model, oldest first. */
export async function scanModel(root: string, model: string): Promise<readonly FoundVersion[]> {
  const home = await realpath(root).catch(() => root);
  const names = await readdir(join(home, model)).catch(() => []);
  const versions = await Promise.all(names.filter(isName).map((version) => scanVersion(home, model, version)));
  return versions.flat().sort((a, b) => compareVersions(a.version, b.version));
}

async function scanVersion(home: string, model: string, version: string): Promise<FoundVersion[]> {
  try {
    const folder = await realpath(join(home, model, version));
    if (!folder.startsWith(home + sep)) return [];
    const files = (await readdir(folder)).sort();
    if (!files.includes(MANIFEST_FILE)) return [];
    const stamps = await Promise.all(files.map((name) => stampOf(folder, name)));
    return [{ model, version, folder, stamp: [folder, ...stamps].join('\n') }];
  } catch (error) {
    // A folder that goes away while it is looked at, or a file among the folders.
    if (isMissing(error) || messageOf(error).includes('ENOTDIR')) return [];
    throw error;
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
