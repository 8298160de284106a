import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Runs a command until it ends or standard input does. A test process that dies, however it dies, closes that input: so
 * nothing that it started outlives it.
 */
const LEASH = 'exec 3<&0; "$@" </dev/null & child=$!; (cat <&3 >/dev/null; kill -9 $child 2>/dev/null) & wait $child';

/** Ends when its standard input is ended. `output`: where standard output and error go. */
export function spawnLeashed(
  command: readonly string[],
  { output, cwd }: { readonly output: number | 'ignore' | 'pipe'; readonly cwd?: string },
): ChildProcess {
  return spawn('sh', ['-c', LEASH, 'leash', ...command], { cwd, stdio: ['pipe', output, output] });
}

/** Ends it at once, as a power cut would. */
export async function cutLeash(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  await ended;
}
