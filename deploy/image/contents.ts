import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const billSchema = z.object({ components: z.array(z.object({ group: z.string().optional(), name: z.string() })) });

/** Names of installed packages, with their scopes. */
function readPackages(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

/**
 * Says how large it is. Throws where the bill of materials and what is there differ, or packages of development are there. `besides`: what it must list
 * that is no package of npm's.
 */
export function describeContents(app: string, besides: readonly string[]): string {
  const bill = billSchema.parse(JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8')));
  const listed = new Set(bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`)));
  const packages = readPackages(join(app, 'node_modules'));
  const unlisted = [...packages, ...besides].filter((name) => !listed.has(name));
  if (unlisted.length > 0) throw new Error(`what the bill of materials does not list: ${unlisted.join(', ')}`);
  if (packages.includes('typescript')) throw new Error('packages of development are in the image');
  const size = spawnSync('du', ['-sm', app], { encoding: 'utf8' }).stdout.split('\t')[0];
  return `${size ?? '?'} MB in /app; ${listed.size} components in sbom.cdx.json`;
}
