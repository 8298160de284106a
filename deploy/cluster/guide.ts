import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAuthority, createCertificate } from '../../test/support/certificates.ts';
import { toolPath } from '../../test/support/tool-path.ts';
import type { Cluster, Helm } from './cluster.ts';
import { preparePlace, removePlace } from './place.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Commands of the guide that no fake node can show, and who shows them or why nobody does. */
export const NOT_IN_A_CLUSTER: Readonly<Record<string, string>> = {
  'docker build': 'no container engine; `npm run check:image` does the steps',
  'docker compose': 'no container engine; test/deploy/compose.test.ts reads the file',
  'npm run train': 'test/training and test/story train by the same command',
  'kubectl -n scores port-forward': 'nothing runs in the pods of a fake node',
};

/** The commands of the shell blocks of a guide, each a line; a line that ends with a backslash goes on. */
export function readCommands(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!.replaceAll('\\\n', ' '));
  return blocks.flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''));
}

/** Those that are run here, in the order of the guide. */
export function readGuide(): readonly string[] {
  const commands = readCommands(readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8'));
  return commands.filter((line) => !Object.keys(NOT_IN_A_CLUSTER).some((start) => line.startsWith(start)));
}

/** Runs the guide's commands as they stand, one after the other, from a folder that looks like the project's. */
export async function followGuide(cluster: Cluster, helm: Helm, scratch: string): Promise<void> {
  const folder = mkdtempSync(join(scratch, 'guide-'));
  symlinkSync(join(ROOT, 'deploy'), join(folder, 'deploy'));
  const { cert, key } = await createCertificate(await createAuthority(), 'guide');
  for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'tokens.json': '{}' }))
    writeFileSync(join(folder, name), text);
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  for (const [name, tool] of Object.entries({ helm, kubectl: 'kubectl' }))
    symlinkSync(which(tool), join(programs, name));
  await preparePlace(cluster, 'scores');
  for (const line of readGuide()) {
    const script = `PATH=${programs}:$PATH\n${line}`;
    const { status, error } = await cluster.run('/bin/sh', ['-euc', script], '', folder);
    if (status !== 0) throw new Error(`${line}\n${error}`);
  }
  await removePlace(cluster, 'scores');
}

/** A program's own path, where it is one of PATH. */
function which(tool: string): string {
  const path = toolPath(tool);
  return path.includes('/') ? path : spawnSync('sh', ['-c', `command -v ${path}`], { encoding: 'utf8' }).stdout.trim();
}
