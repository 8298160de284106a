import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { z } from 'zod';
import type { Dockerfile } from './dockerfile.ts';

export interface ServeParts {
  /** Folder that stands for the root of the image's file system. */
  readonly root: string;
  /** Where the model, the rows and temporary files go. */
  readonly scratch: string;
  readonly programs: string;
  readonly dockerfile: Dockerfile;
  readonly say: (line: string) => void;
}

const addressesSchema = z.object({ grpc: z.string(), http: z.string() });
/** `--drain-timeout-ms` by default, and the margin of the chart. */
const MOST_SECONDS_TO_STOP = 15;

/** Trains, serves, asks and stops. Throws where any of it is not as it should be. */
export async function serveAndScore(parts: ServeParts): Promise<void> {
  const { scratch, say } = parts;
  const user = readUser(parts.dockerfile);
  const volume = join(scratch, 'volume');
  mkdirSync(volume);
  if (user !== undefined) chownSync(volume, user, user);
  const rows = join(scratch, 'rows.csv');
  writeFileSync(rows, makeRows());
  sayWhoRuns(parts, user);

  const model = join(volume, 'model');
  const train = start(parts, user, ['train', '--data', rows, '--out', model, '--name', 'm', '--steps', '20', '--json']);
  await ended(train, 'train');
  say('a model is trained');

  const serve = start(parts, user, ['serve', '--model', model, '--grpc-port', '0', '--http-port', '0', '--json']);
  try {
    await ask(parts, await firstJson(serve));
  } finally {
    serve.kill('SIGTERM');
  }
  const asked = performance.now();
  await ended(serve, 'serve');
  const seconds = (performance.now() - asked) / 1000;
  say(`it stopped ${seconds.toFixed(1)} s after SIGTERM`);
  if (seconds > MOST_SECONDS_TO_STOP) throw new Error('it took longer than the grace period leaves it');
}

async function ask({ root, say }: ServeParts, printed: string): Promise<void> {
  const addresses = addressesSchema.parse(JSON.parse(printed));
  const ready = await fetch(`http://${addresses.http}/readyz`);
  if (!ready.ok) throw new Error(`/readyz answers ${ready.status}`);
  const score = await askScore(join(root, 'app/proto/aristarch/v1/aristarch.proto'), addresses.grpc);
  say(`it serves: /readyz ${ready.status}, a far row has the p-value ${score.pValue.toFixed(4)}`);
  if (!(score.pValue < 0.05)) throw new Error('a row far off is not found anomalous');
}

/** The image's user, whom only root can become; undefined for others. */
function readUser({ user }: Dockerfile): number | undefined {
  const id = Number(/^(\d+):\1$/.exec(user ?? '')?.[1]);
  if (!Number.isInteger(id) || id === 0)
    throw new Error(`USER must be a number that is not root's, not ${user ?? 'absent'}`);
  return process.getuid?.() === 0 ? id : undefined;
}

function start({ root, scratch, programs, dockerfile }: ServeParts, user: number | undefined, args: readonly string[]) {
  const env = {
    PATH: `${programs}:/usr/bin:/bin`,
    NODE_ENV: 'production',
    NO_COLOR: '1',
    TMPDIR: join(scratch, 'volume'),
  };
  return spawn(join(root, dockerfile.entrypoint[0]!), args, {
    env,
    cwd: join(root, 'app'),
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(user !== undefined && { uid: user, gid: user }),
  });
}

/** The user may write nothing of the image: in the cluster its root is read-only. */
function sayWhoRuns({ say }: ServeParts, user: number | undefined): void {
  if (user === undefined) say('not root: that the image’s user may not write to it is not checked');
  else say(`its files belong to root; it runs as ${user}, who may write to none of them`);
}

async function ended(child: ChildProcess, what: string): Promise<void> {
  const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number | null]) : [child.exitCode];
  if (code !== 0) throw new Error(`${what} ended with status ${String(code)}`);
}

/** What `--json` writes once the service is ready. */
async function firstJson(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (/^\}\s*$/m.test(text)) return text;
  }
  throw new Error('the service ended before it was ready');
}

interface Client {
  score(request: object, options: object, answer: (error: Error | null, response: ScoreResponse) => void): void;
  close(): void;
}
interface ScoreResponse {
  readonly results: readonly { readonly pValue: number }[];
}

/** The score of a row far off the others, by the contract in the image. */
function askScore(proto: string, address: string): Promise<{ readonly pValue: number }> {
  const { aristarch } = loadPackageDefinition(loadSync(proto)) as unknown as {
    aristarch: { v1: { Aristarch: new (address: string, credentials: unknown) => Client } };
  };
  const client = new aristarch.v1.Aristarch(address, credentials.createInsecure());
  const request = { records: { records: [{ fields: { x: { number: 90 }, y: { number: -90 } } }] } };
  return new Promise((resolve, reject) => {
    client.score(request, { deadline: Date.now() + 10_000 }, (error, response) => {
      client.close();
      if (error) reject(error);
      else resolve(response.results[0]!);
    });
  });
}

/** Two columns, the second the first's double but for a little. */
function makeRows(): string {
  const rows = Array.from({ length: 600 }, (_, i) => {
    const x = Math.sin(i * 12.9898) * 3;
    return `${x.toFixed(4)},${(2 * x + Math.sin(i * 78.233)).toFixed(4)}`;
  });
  return `x,y\n${rows.join('\n')}\n`;
}
