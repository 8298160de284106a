import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Peer, StepSize } from './peer.ts';

const SCRIPT = fileURLToPath(new URL('../step_torch.py', import.meta.url));

const helloSchema = z.object({ version: z.string(), threads: z.number() });
const timingSchema = z.object({ wallMs: z.number(), cpuMs: z.number() });

/** PyTorch in a process of its own, or why it is not there. */
export async function createTorch(size: StepSize, python: string): Promise<Peer | string> {
  const probe = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
  if (probe.status !== 0) return `PyTorch is absent: "${python} -c 'import torch'" fails`;
  const child = spawn(python, [SCRIPT, JSON.stringify(size)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('bench/step_torch.py ended early');
    return JSON.parse(line.value);
  };
  const { version, threads } = helloSchema.parse(await answer());
  return {
    name: 'pytorch',
    description: `PyTorch ${version} eager, ${threads} threads`,
    run: async (steps) => {
      child.stdin.write(`${steps}\n`);
      return timingSchema.parse(await answer());
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
