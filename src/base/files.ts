import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { types } from 'node:util';
import { AristarchError, messageOf } from './errors.ts';

/**
 * Atomic writes: everything is built beside the target, flushed to the disk, and moved into place in one rename, so that
 * a reader sees the old state or the new one, and a crash leaves at most a hidden sibling (`.name.tmp-...`) that nobody reads.
 */
export interface WriteFolderOptions {
  /**
   * Asked when the target exists and is not an empty folder; true lets it be replaced. Absent: it is refused.
   * It is called before anything is written, so that a person does not wait for a refusal.
   */
  readonly mayReplace?: (target: string) => Promise<boolean>;
}

/**
 * Builds a folder by `fill(temporary folder)` and moves it to `target`. Throws `PRECONDITION_FAILED` where the target is
 * taken or cannot be written (a full disk). A replaced folder is first renamed to `.name.replaced`: the one moment without a target lies between two
 * renames, and the next write (or `restoreReplaced`) puts the old folder back if a crash hits that moment.
 */
export async function writeFolder(
  target: string,
  fill: (folder: string) => Promise<void>,
  options: WriteFolderOptions = {},
): Promise<void> {
  const path = resolve(target);
  await checkTarget(path, options);
  const temporary = siblingOf(path, `tmp-${randomUUID()}`);
  await makeFolder(temporary);
  try {
    await fill(temporary);
    await syncFolder(temporary);
    await moveIntoPlace(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw isSystemError(error) ? unusable(path, error) : error;
  }
}

/** Refuses a target that is taken, unless the options allow it to be replaced. Long work calls this before it starts. */
export async function checkTarget(target: string, options: WriteFolderOptions = {}): Promise<void> {
  const path = resolve(target);
  await restoreReplaced(path);
  const state = await inspect(path);
  if (state === 'absent' || state === 'empty') return;
  if (state === 'folder' && (await options.mayReplace?.(path)) === true) return;
  const remedy =
    state === 'file'
      ? 'it is a file: choose a folder that does not exist yet'
      : 'choose another folder, or remove it first';
  throw new AristarchError('PRECONDITION_FAILED', `${target} already exists: ${remedy}`, { path });
}

/** Puts the old folder back where a replacement was cut between its two renames. */
export async function restoreReplaced(target: string): Promise<void> {
  const path = resolve(target);
  const old = siblingOf(path, 'replaced');
  if ((await inspect(old)) === 'absent') return;
  if ((await inspect(path)) === 'absent') await rename(old, path);
  else await rm(old, { recursive: true, force: true });
}

/** Writes one file atomically; an existing file is replaced. Throws `PRECONDITION_FAILED` where it cannot be written. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const target = resolve(path);
  const temporary = siblingOf(target, `tmp-${randomUUID()}`);
  await makeFolder(dirname(target));
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw isSystemError(error) ? unusable(target, error) : error;
  }
  await syncEntry(dirname(target));
}

async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  const old = siblingOf(path, 'replaced');
  const state = await inspect(path);
  if (state === 'empty') await rmdir(path);
  const replaces = state === 'folder';
  if (replaces) await rename(path, old);
  await rename(temporary, path);
  await syncEntry(dirname(path));
  if (replaces) await rm(old, { recursive: true, force: true });
}

type PathState = 'absent' | 'empty' | 'folder' | 'file';

async function inspect(path: string): Promise<PathState> {
  const found = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw unusable(path, error);
  });
  if (found === undefined) return 'absent';
  if (!found.isDirectory()) return 'file';
  return (await readdir(path)).length === 0 ? 'empty' : 'folder';
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw unusable(path, error);
  });
}

/** A full disk, a missing right: what the system says of a file, in contrast to a fault of ours. */
function isSystemError(error: unknown): boolean {
  return types.isNativeError(error) && 'syscall' in error;
}

/** Whether an error of the file system says that there is nothing at the path. */
export function isMissing(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && error.code === 'ENOENT';
}

function unusable(path: string, error: unknown): AristarchError {
  return new AristarchError(
    'PRECONDITION_FAILED',
    `cannot write ${path} (${messageOf(error)}): check its space and rights, or choose another place`,
    { path },
    error,
  );
}

function siblingOf(path: string, suffix: string): string {
  return join(dirname(path), `.${basename(path)}.${suffix}`);
}

async function syncFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? syncFolder(path) : syncEntry(path));
  }
  await syncEntry(folder);
}

/** Flushes one file or one folder's list of names. Windows cannot open a folder; its renames are durable by themselves. */
async function syncEntry(path: string): Promise<void> {
  if (process.platform === 'win32' && (await stat(path)).isDirectory()) return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
