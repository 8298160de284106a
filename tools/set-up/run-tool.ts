import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { AristarchError } from '../../src/base/errors.ts';

export interface RunToolOptions {
  /** What to say, and what to do, where it fails. */
  readonly remedy: string;
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the command and all that it has started. */
  readonly signal?: AbortSignal | undefined;
  /** A command that runs longer hangs, and is ended. */
  readonly limitMs?: number;
}

/** Lines that are kept of what a command said that failed. */
const LAST_LINES = 12;

/** Answers with standard output. Throws `UNAVAILABLE` with the remedy and the last lines that the command said, or the signal's reason. */
export async function runTool(command: string, args: readonly string[], options: RunToolOptions): Promise<string> {
  const { remedy, cwd, env, signal, limitMs } = options;
  signal?.throwIfAborted();
  // A group of its own: what it has started (make, compilers) is ended with it.
  const child = spawn(command, args, {
    cwd: resolve(cwd ?? '.'),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(env && { env }),
  });
  const kill = (): void => killGroup(child.pid);
  const lateness = new AbortController();
  const timer = setTimeout(
    () => {
      lateness.abort();
      kill();
    },
    limitMs ?? 2 ** 31 - 1,
  );
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const [[code, by], out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    signal?.throwIfAborted();
    const isLate = lateness.signal.aborted;
    if (code === 0 && !isLate) return out;
    const how = isLate ? `It did not end within ${(limitMs ?? 0) / 1000} s.` : describeEnd(code, by);
    const said = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '');
    throw new AristarchError('UNAVAILABLE', [`${remedy} ${how} It said:`, ...said.slice(-LAST_LINES)].join('\n  '));
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ENOENT') throw thrown;
    throw new AristarchError('PRECONDITION_FAILED', `"${command}" is not there: install it, or put its folder on PATH`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
  }
}

const describeEnd = (code: number | null, by: NodeJS.Signals | null): string =>
  by === null ? `It ended with ${String(code)}.` : `It was ended by ${by}.`;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
