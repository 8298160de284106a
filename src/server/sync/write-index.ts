import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { scanRepository } from '../models/scan.ts';
import { INDEX_FILE } from './http-source.ts';

/** Writes the list that a web server needs beside a repository; answers how many versions it names. */
export async function writeIndex(folder: string): Promise<number> {
  const found = [...(await scanRepository(folder))];
  const models = Object.fromEntries(
    found.map(([model, { versions }]) => [model, versions.map(({ version }) => version)] as const),
  );
  await writeFileAtomic(join(folder, INDEX_FILE), `${JSON.stringify({ models }, null, 2)}\n`);
  return found.reduce((sum, [, { versions }]) => sum + versions.length, 0);
}
