import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AristarchError } from '../base/errors.ts';

export const isPngName = (path: string): boolean => /\.png$/i.test(path);

/** Refuses a name that no PNG can be written to, before any work is done. Throws `INVALID_INPUT`, `NOT_FOUND`. */
export function checkPictureOutput(out: string): void {
  if (!isPngName(out))
    throw new AristarchError('INVALID_INPUT', `${out} is no name of a PNG: give one that ends in .png`, { path: out });
  if (!existsSync(dirname(out)))
    throw new AristarchError('NOT_FOUND', `there is no folder ${dirname(out)} to write into: make it`, { path: out });
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory())
    throw new AristarchError('INVALID_INPUT', `${out} is a folder: give a file's name`, { path: out });
}
