import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAuthority, createCertificate } from '../../test/support/certificates.ts';
import { toolPath } from '../../test/support/tool-path.ts';
import type { Cluster, Helm } from './cluster.ts';
import { preparePlace, removePlace } from './place.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const PAGES = ['docs/kubernetes.md', 'docs/guides/kubernetes.md'];

/** Commands of the guides that no fake node can show, and who shows them or why nobody does. */
export const NOT_IN_A_CLUSTER: Readonly<Record<string, string>> = {
  'docker build': 'no container engine; `npm run check:image` does the steps',
  'docker compose': 'no container engine; test/deploy/compose.test.ts reads the file',
  'npm run train': 'test/training and test/story train by the same command',
  'helm template': 'no cluster is asked; test/guides/guides.test.ts renders it',
  'kubectl -n scores port-forward': 'nothing runs in the pods of a fake node',
};

/** The commands of the shell blocks of a guide, each a line; a line that ends with a backslash goes on. */
export function readCommands(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```sh(?: \w+)?\n(.*?)^```$/gms)].map(([, block]) =>
    block!.replaceAll('\\\n', ' '),
  );
  return blocks.flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''));
}

/** All of the guides' commands, in their order. */
export function readGuides(): readonly string[] {
  return PAGES.flatMap((page) => readCommands(readFileSync(join(ROOT, page), 'utf8')));
}

/** Those that are run here. */
export function readCommandsOfClusters(): readonly string[] {
  return readGuides().filter((line) => !Object.keys(NOT_IN_A_CLUSTER).some((start) => line.startsWith(start)));
}

/** Runs the guides' commands as they stand, one after the other, from a folder that looks like the project's. */
export async function followGuide(cluster: Cluster, helm: Helm, scratch: string): Promise<void> {
  const folder = mkdtempSync(join(scratch, 'guide-'));
  const chart = join(folder, 'deploy/helm/aristarch');
  cpSync(join(ROOT, 'deploy/helm/aristarch'), chart, { recursive: true });
  // As AT_ONCE: the commands stand as they are, so that the default is another one.
  const values = readFileSync(join(chart, 'values.yaml'), 'utf8');
  writeFileSync(join(chart, 'values.yaml'), values.replace(/^minReadySeconds: \d+$/m, 'minReadySeconds: 1'));
  const { cert, key } = await createCertificate(await createAuthority(), 'guide');
  for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'tokens.json': '{}' }))
    writeFileSync(join(folder, name), text);
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  for (const [name, tool] of Object.entries({ helm, kubectl: 'kubectl' }))
    symlinkSync(which(tool), join(programs, name));
  await preparePlace(cluster, 'scores');
  for (const line of readCommandsOfClusters()) {
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
