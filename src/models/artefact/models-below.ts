import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from './layout.ts';

/** As deep as a folder of many models, NAME/VERSION/, and no deeper. */
const DEPTH = 2;
/** More than that would not be read. */
const MOST = 3;

export async function isModel(folder: string): Promise<boolean> {
  return stat(join(folder, MANIFEST_FILE)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Folders of models in a folder that is none itself, some of them and in the order of their names: a message can name them. */
export async function modelsBelow(folder: string, depth = DEPTH): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.length >= MOST) break;
    const path = join(folder, name);
    if (await isModel(path)) found.push(path);
    else if (depth > 1) found.push(...(await modelsBelow(path, depth - 1)));
  }
  return found.slice(0, MOST);
}
