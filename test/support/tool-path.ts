import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** A program of `.ci/go-tools.sh`: in the folders of ARISTARCH_TOOLS (like those of PATH), else in .cache/tools/bin, else on PATH. */
export function toolPath(name: string): string {
  const folders = process.env['ARISTARCH_TOOLS'] ?? resolve(import.meta.dirname, '../../.cache/tools/bin');
  const paths = folders.split(delimiter).map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? name;
}

/** The executable file that a name or path stands for. */
export function findOnPath(name: string): string | undefined {
  const folders = name.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
