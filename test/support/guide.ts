import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findFreePorts } from './kafka-broker.ts';
import { waitUntil } from './wait-until.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * What a block of a guide is: commands that are run (''), a server that is left running (background), commands that want Helm alone
 * (helm), a cluster (cluster), that `.ci/run` runs as they stand (ci), or that want a GPU (gpu), of which nobody checks more than the flags.
 */
export type BlockKind = '' | 'background' | 'helm' | 'cluster' | 'ci' | 'gpu';

export interface GuideBlock {
  readonly kind: BlockKind;
  readonly script: string;
}

/** The blocks of a guide that a reader would type, in order. */
export function findBlocks(markdown: string): GuideBlock[] {
  return [...markdown.matchAll(/^```sh ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, kind, script]) => ({
    kind: kind as BlockKind,
    script: script!,
  }));
}

export async function readGuide(name: string): Promise<GuideBlock[]> {
  return findBlocks(await readFile(join(ROOT, 'docs/guides', name), 'utf8'));
}

/** A folder in which a reader of guides works: it looks like a fresh checkout after `npm ci`. */
export async function makeCheckout(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const part of ['src', 'proto', 'docs', 'deploy', 'node_modules', 'package.json', 'tsconfig.json']) {
    await symlink(join(ROOT, part), join(folder, part));
  }
}

export interface GuideOptions {
  /** Address of a broker, in place of localhost:9092. */
  readonly kafka?: string | undefined;
}

/**
 * Runs those blocks of a guide that need nothing but this machine, as they stand but for ports, which are free ones, and answers what each
 * printed. Throws what a block printed when it fails.
 */
export async function runGuide(
  blocks: readonly GuideBlock[],
  folder: string,
  { kafka }: GuideOptions = {},
): Promise<string[]> {
  const [grpc, http] = await findFreePorts();
  const replacements = {
    ':50051': `:${grpc}`,
    ':8080': `:${http}`,
    ...(kafka !== undefined && { 'localhost:9092': kafka }),
  };
  const ports = { ARISTARCH_GRPC_PORT: String(grpc), ARISTARCH_HTTP_PORT: String(http) };
  const env = { ...process.env, ...ports, NO_COLOR: '1' };
  const servers: ChildProcess[] = [];
  const outputs: string[] = [];
  try {
    for (const { kind, script } of blocks.filter(({ kind }) => kind === '' || kind === 'background')) {
      const text = Object.entries(replacements).reduce((all, [from, to]) => all.replaceAll(from, to), script);
      const block = start(text, folder, env);
      if (kind === 'background') {
        servers.push(block.child);
        await waitUntil('the server to be ready', async () => block.hasEnded() || (await isReady(http)), 90_000);
        if (block.hasEnded()) throw new Error(`${script}ended:\n${block.output()}`);
      } else {
        const status = await block.ended;
        if (status !== 0) throw new Error(`${script}failed with ${status}:\n${block.output()}`);
      }
      outputs.push(block.output());
    }
    return outputs;
  } finally {
    for (const child of servers) killGroup(child);
  }
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function start(script: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    ...{ cwd, env, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  const ended = new Promise<number | null>((done) => child.on('close', (status) => done(status)));
  return { child, output: () => text, ended, hasEnded: () => child.exitCode !== null };
}

/** npm does not hand signals on: the whole group of the block is ended. */
function killGroup({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
}
