import { closeSync, fstatSync, openSync, opendirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { AristarchError, messageOf } from '../../base/errors.ts';

/** Bytes of the image that a reference names. Throws `INVALID_INPUT`. */
export type ImageFolder = (reference: string) => Uint8Array;

/** What a reference begins with: no base64 has a colon. */
export const REFERENCE = 'file:';
/** Larger files are refused before they are read. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * A folder whose images records may name, as `file:line-3/0017.png`: a path from the folder. What leads out of it, by `..`, by a link or from the root,
 * is refused. Files are read at once, on the calling thread. `UNAVAILABLE` where the folder is gone or a disk does not answer: that may pass. Throws
 * `NOT_FOUND` where there is no such folder.
 */
export function openImageFolder(root: string): ImageFolder {
  const home = resolveFolder(root);
  return (reference) => {
    try {
      const file = openSync(resolveInside(home, reference), 'r');
      try {
        const { size } = fstatSync(file);
        if (size > MOST_BYTES) throw refused(reference, `is ${size} bytes long; at most ${MOST_BYTES} are read`);
        return readFileSync(file);
      } finally {
        closeSync(file);
      }
    } catch (thrown) {
      throw thrown instanceof AristarchError ? thrown : toFault(thrown, reference, home);
    }
  };
}

/** Codes of the system that say that a name is of no file. */
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/** A file that is not there is the sender's fault; a folder that is gone, or a disk that does not answer, passes. */
function toFault(thrown: unknown, reference: string, home: string): AristarchError {
  const code = (thrown as NodeJS.ErrnoException).code;
  if (ABSENT.has(code) && isThere(home)) return refused(reference, NOT_THERE, thrown);
  const message = `the folder of images cannot be read at present (${code ?? messageOf(thrown)})`;
  return new AristarchError('UNAVAILABLE', message, { reference, reason: code }, thrown);
}

const NOT_THERE = 'is no file in the folder of images: put it there before it is named';

/** A volume that is not mounted leaves an empty folder, or none. */
function isThere(home: string): boolean {
  try {
    const entries = opendirSync(home);
    try {
      return entries.readSync() !== null;
    } finally {
      entries.closeSync();
    }
  } catch {
    return false;
  }
}

function resolveFolder(root: string): string {
  try {
    const home = realpathSync(root);
    if (statSync(home).isDirectory()) return home;
  } catch (thrown) {
    const message = `--image-folder ${root} cannot be read: ${messageOf(thrown)}`;
    throw new AristarchError('NOT_FOUND', message, { folder: root }, thrown);
  }
  throw new AristarchError('NOT_FOUND', `--image-folder ${root} is no folder: give one`, { folder: root });
}

/** The real path of a file in the folder; a caller is not told what lies elsewhere. Throws the system's faults as well. */
function resolveInside(home: string, reference: string): string {
  const name = reference.slice(REFERENCE.length);
  if (name.includes('\0')) throw refused(reference, 'is no path');
  const path = realpathSync(join(home, name));
  if (!path.startsWith(home + sep) || !statSync(path).isFile()) throw refused(reference, NOT_THERE);
  return path;
}

function refused(reference: string, reason: string, cause?: unknown): AristarchError {
  return new AristarchError('INVALID_INPUT', `the image "${reference}" ${reason}`, { reference, reason }, cause);
}
