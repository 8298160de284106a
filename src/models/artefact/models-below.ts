import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from './layout.ts';

/** As deep as a folder of many models, NAME/VERSION/, and no deeper. */
const DEPTH = 2;
/** More than that would not be read. */
const MOST = 3;
/** A folder of models has fewer; a wrong one, the root of a disk say, is not walked through for the sake of a message. */
const MOST_ENTRIES = 64;

export async function isModel(folder: string): Promise<boolean> {
  return stat(join(folder, MANIFEST_FILE)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Folders of models in a folder that is none itself, some of them: a message can name them. They are among its first entries, as
 * the disk has them, and among the first of those; in the order of their names.
 */
export async function modelsBelow(folder: string, depth = DEPTH, mostEntries = MOST_ENTRIES): Promise<string[]> {
  const found: string[] = [];
  for (const name of await firstFolders(folder, mostEntries)) {
    if (found.length >= MOST) break;
    const path = join(folder, name);
    if (await isModel(path)) found.push(path);
    else if (depth > 1) found.push(...(await modelsBelow(path, depth - 1, mostEntries)));
  }
  return found.slice(0, MOST);
}

async function firstFolders(folder: string, mostEntries: number): Promise<string[]> {
  const names: string[] = [];
  try {
    let left = mostEntries;
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory()) names.push(entry.name);
      if (--left === 0) break;
    }
  } catch {
    // One that cannot be read holds none that could be named.
  }
  return names.sort();
}
