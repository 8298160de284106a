import { randomUUID } from 'node:crypto';
import { readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { isMissing } from '../../base/files.ts';
import { suggestNames } from '../../base/near-names.ts';
import { modelUnreadable } from './entry.ts';
import { type FoundModels, type FoundVersion, scanRepository } from './scan.ts';
import { parseServingRules, type ServingRules } from './serving-rules.ts';

export interface PruneParts {
  /** Folder of models, that of `serve --models`. */
  readonly root: string;
  /** Of each model, so many of its newest versions that can be served stay, 1 or more. */
  readonly keep: number;
  /** These models only; all when absent. */
  readonly models?: readonly string[] | undefined;
  /** Nothing is removed; what would be is told. */
  readonly isDryRun: boolean;
  /** Throws where the version in a folder cannot be served. */
  readonly prove: (folder: string) => Promise<void>;
  /** Removes a folder and all in it; other ones for tests. */
  readonly removeFiles?: (folder: string) => Promise<void>;
}

/** Names are MODEL/VERSION. */
export interface PruneSummary {
  /** What no server sees any more, or what would be so. */
  readonly removed: readonly string[];
  /** Versions that are left, of all models. */
  readonly kept: number;
  /** Newer versions that were not counted, since they cannot be served. */
  readonly uncounted: readonly Fault[];
  /** Old versions that are still there; and those whose files are, which are among the removed ones, or were left by an earlier run. */
  readonly failed: readonly Fault[];
}

interface Fault {
  readonly name: string;
  readonly error: AristarchError;
}

/** What is no longer seen, in its model's folder: a name that begins with a dot is no version's. */
const TRASH = '.pruned-';

const nameOf = ({ model, version }: FoundVersion): string => `${model}/${version}`;

/**
 * Removes versions that nobody needs: those to which there are `keep` newer ones that can be served, and which no serving.json names, as the
 * version that serves or as a candidate. So what serves stays: it is the pinned version, or the newest that can. Throws `NOT_FOUND` for a folder or a
 * model that is not there, and `PRECONDITION_FAILED` where a folder or a serving.json cannot be read: then it is not known what is needed, and nothing is removed.
 */
export async function pruneModels(parts: PruneParts): Promise<PruneSummary> {
  const { isDryRun, removeFiles = (folder: string) => rm(folder, { recursive: true, force: true }) } = parts;
  const found = await scanRepository(parts.root);
  const root = await realpath(parts.root);
  const chosen = parts.models ?? [...found.keys()];
  const named = findNamed(found, chosen);
  const uncounted: Fault[] = [];
  const old: FoundVersion[] = [];
  for (const model of chosen) old.push(...(await findOld(parts, found.get(model)!.versions, uncounted)));
  const removable = leaveFolders(
    found,
    old.filter((each) => !named.has(nameOf(each))),
  );
  const [removed, failed]: [string[], Fault[]] = [[], []];
  /** Names of what was moved out of sight, by where to. */
  const moved = new Map<string, string>();
  for (const each of removable) {
    try {
      const trash = isDryRun ? null : await moveAway(root, each);
      if (trash !== null) moved.set(trash, nameOf(each));
      if (isDryRun || trash !== null) removed.push(nameOf(each));
    } catch (thrown) {
      failed.push({ name: nameOf(each), error: toAristarchError(thrown) });
    }
  }
  if (!isDryRun) for (const model of chosen) failed.push(...(await emptyTrash(root, model, { moved, removeFiles })));
  const total = [...found.values()].reduce((sum, { versions }) => sum + versions.length, 0);
  return { removed, kept: total - removed.length, uncounted, failed };
}

/** All that a serving.json names; checks on the way that all can be read, and that the chosen models are there. */
function findNamed(found: FoundModels, chosen: readonly string[]): ReadonlySet<string> {
  for (const model of chosen) {
    if (found.has(model)) continue;
    const message = `there is no model "${model}" in that folder.${suggestNames(model, [...found.keys()])}`;
    throw new AristarchError('NOT_FOUND', message, { model });
  }
  const named = [...found].flatMap(([model, { serving, unreadable }]) => {
    if (unreadable !== undefined) throw modelUnreadable(model, unreadable);
    return namesIn(model, parseServingRules(model, serving));
  });
  return new Set(named);
}

function namesIn(model: string, { version, candidate }: ServingRules): string[] {
  return [
    ...(version === undefined ? [] : [`${model}/${version}`]),
    ...(candidate?.version === undefined ? [] : [`${candidate.model ?? model}/${candidate.version}`]),
  ];
}

/** Those behind so many newer ones that can be served. `versions`: oldest first. */
async function findOld(
  { keep, prove }: PruneParts,
  versions: readonly FoundVersion[],
  uncounted: Fault[],
): Promise<readonly FoundVersion[]> {
  // Too few: none need be opened.
  if (versions.length <= keep) return [];
  // A link and what it leads to are one version under two names.
  const counted = new Set<string>();
  for (const [place, each] of versions.toReversed().entries()) {
    if (counted.size === keep) return versions.slice(0, versions.length - place);
    if (counted.has(each.folder)) continue;
    try {
      await prove(each.folder);
      counted.add(each.folder);
    } catch (thrown) {
      uncounted.push({ name: nameOf(each), error: toAristarchError(thrown) });
    }
  }
  return [];
}

/** Leaves out what a version that stays is a link to. */
function leaveFolders(found: FoundModels, old: readonly FoundVersion[]): readonly FoundVersion[] {
  const going = new Set(old.map(nameOf));
  const versions = [...found.values()].flatMap((model) => model.versions);
  const needed = new Set(versions.filter((each) => !going.has(nameOf(each))).map(({ folder }) => folder));
  return old.filter(({ folder }) => !needed.has(folder));
}

/** Out of the server's sight in one step. Answers where to; null where it was not there, or somebody, of whatever model, named it meanwhile. */
async function moveAway(root: string, { model, version, folder }: FoundVersion): Promise<string | null> {
  const found = await scanRepository(root);
  const named = findNamed(found, []);
  const folders = [...found.values()].flatMap(({ versions }) => versions.filter((each) => named.has(nameOf(each))));
  if (named.has(`${model}/${version}`) || folders.some((each) => each.folder === folder)) return null;
  const trash = join(root, model, `${TRASH}${randomUUID()}`);
  try {
    await rename(join(root, model, version), trash);
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
  return trash;
}

interface Trash {
  readonly moved: ReadonlyMap<string, string>;
  readonly removeFiles: NonNullable<PruneParts['removeFiles']>;
}

/** Takes away what was moved out of sight, also by a run before this one. Answers what could not be. */
async function emptyTrash(root: string, model: string, { moved, removeFiles }: Trash): Promise<Fault[]> {
  const left = (await readdir(join(root, model))).filter((name) => name.startsWith(TRASH));
  const failed: Fault[] = [];
  for (const name of left) {
    const folder = join(root, model, name);
    try {
      await removeFiles(folder);
    } catch (thrown) {
      const { code, message } = toAristarchError(thrown);
      const remedy = `no server sees it any more, and its files are still there, in ${folder}: ${message}; the next run tries again`;
      failed.push({
        name: moved.get(folder) ?? `${model}/${name}`,
        error: new AristarchError(code, remedy, { folder }),
      });
    }
  }
  return failed;
}
