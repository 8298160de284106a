import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The project or the installed package: two up from here, in src/ and in dist/. */
export const HOME = resolve(import.meta.dirname, '../..');

/** What brings an engine that npm does not install. */
export type SetUp = 'setup:tfjs' | 'setup:cuda';
const SCRIPTS: { readonly [S in SetUp]: string } = {
  'setup:tfjs': 'tools/tfjs/setup.ts',
  'setup:cuda': 'tools/cuda/setup.ts',
};

/** The command as it can be called here: a build and an image have no tools, and say where the command is to be had. */
export function nameSetUp(setUp: SetUp, home: string = HOME): string {
  const command = `"npm run ${setUp}"`;
  return existsSync(join(home, SCRIPTS[setUp])) ? command : `${command} in a checkout of Aristarch`;
}
