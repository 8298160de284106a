import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Keeps processes, with all their threads, to a core each, until the answer is called: else whichever is idle lends its core to the
 * other, and a peak that was reached so is no measure of what is left where both are busy. Undefined where there is no `taskset`.
 */
export function pinApart(pids: readonly number[]): (() => void) | undefined {
  const cores = availableParallelism();
  if (cores < pids.length || !pids.every((pid, core) => setCores(pid, String(core)))) return undefined;
  return () => {
    for (const pid of pids) setCores(pid, `0-${cores - 1}`);
  };
}

function setCores(pid: number, cores: string): boolean {
  return spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]).status === 0;
}
