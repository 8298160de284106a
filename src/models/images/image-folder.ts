import { closeSync, fstatSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
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
 * is refused. Files are read at once, on the calling thread. Throws `NOT_FOUND` where there is no such folder.
 */
export function openImageFolder(root: string): ImageFolder {
  const home = resolveFolder(root);
  return (reference) => {
    const path = resolveInside(home, reference);
    try {
      const file = openSync(path, 'r');
      try {
        const { size } = fstatSync(file);
        if (size > MOST_BYTES) throw refused(reference, `is ${size} bytes long; at most ${MOST_BYTES} are read`);
        return readFileSync(file);
      } finally {
        closeSync(file);
      }
    } catch (thrown) {
      if (thrown instanceof AristarchError) throw thrown;
      throw refused(reference, 'cannot be read', thrown);
    }
  };
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

/** The real path of a file in the folder; a caller is not told what lies elsewhere. */
function resolveInside(home: string, reference: string): string {
  const name = reference.slice(REFERENCE.length);
  if (name.includes('\0')) throw refused(reference, 'is no path');
  let path: string;
  try {
    path = realpathSync(join(home, name));
    if (!path.startsWith(home + sep)) throw new Error('it lies outside');
    if (!statSync(path).isFile()) throw new Error('it is no file');
  } catch (thrown) {
    throw refused(reference, 'is no file in the folder of images: put it there before it is named', thrown);
  }
  return path;
}

function refused(reference: string, reason: string, cause?: unknown): AristarchError {
  return new AristarchError('INVALID_INPUT', `the image "${reference}" ${reason}`, { reference, reason }, cause);
}
