import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach } from '@jest/globals';
import { COMPILED } from './command.ts';
import { workersOf } from './workers-of.ts';
import { waitUntil } from './wait-until.ts';

const ROOT = new URL('../..', import.meta.url);

/** A service of several processes. */
export interface Service {
  readonly grpc: string;
  readonly http: string;
  readonly primary: ChildProcess;
  /** Process ids of its workers at present. */
  workers(): number[];
  readonly log: () => string;
  /** Its exit status, or its signal. */
  readonly ended: Promise<number | string>;
}

/** The real command with `--workers`; killed after each test. */
export function createWorkersFixture(from = COMPILED): (...flags: string[]) => Promise<Service> {
  const running: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  return async (...flags) => {
    const command = [...from, 'serve', '--grpc-port', '0', '--http-port', '0', '--json'];
    const child = spawn(process.execPath, [...command, ...flags], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const text = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.out += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (text.err += String(chunk)));
    const ended = once(child, 'close').then(([status, signal]) => (status ?? signal) as number | string);
    await waitUntil('the service to be ready', () => child.exitCode !== null || text.out.endsWith('}\n'), 90_000);
    const { grpc = '', http = '' } = (text.out === '' ? {} : JSON.parse(text.out)) as Partial<Service>;
    return { grpc, http, primary: child, ended, log: () => text.err, workers: () => workersOf(child.pid!) };
  };
}

/** Open TCP connections to a port that a process holds (proc(5), net/tcp: state 01). */
export function connectionsOf(pid: number, port: number): number {
  const ends = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1, -1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const open = fields.filter(([, local, , state]) => local!.endsWith(ends) && state === '01');
  const sockets = new Set(open.map((each) => `socket:[${each[9]!}]`));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`))).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
