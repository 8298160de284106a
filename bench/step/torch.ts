import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Peer, StepSize, Timing } from './peer.ts';

const SCRIPT = fileURLToPath(new URL('../step_torch.py', import.meta.url));

/** PyTorch in a process of its own, or why it is not there. */
export async function createTorch(size: StepSize, python: string): Promise<Peer | string> {
  const probe = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
  if (probe.status !== 0) return `PyTorch is absent: "${python} -c 'import torch'" fails`;
  const child = spawn(python, [SCRIPT, JSON.stringify(size)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('bench/step_torch.py ended early');
    return JSON.parse(line.value) as Record<string, unknown>;
  };
  const { version, threads } = await answer();
  return {
    name: 'pytorch',
    description: `PyTorch ${String(version)} eager, ${String(threads)} threads`,
    run: async (steps) => {
      child.stdin.write(`${steps}\n`);
      return (await answer()) as unknown as Timing;
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
