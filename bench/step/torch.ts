import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Peer, StepSize, Timing } from './peer.ts';

const SCRIPT = fileURLToPath(new URL('../step_torch.py', import.meta.url));

const helloSchema = z.object({ version: z.string(), threads: z.number() });
const timingSchema = z.object({ wallMs: z.number(), cpuMs: z.number() });

/** PyTorch in a process of its own, or why it is not there. */
export async function createTorch(size: StepSize, python: string): Promise<Peer | string> {
  const worker = await openTorch(SCRIPT, size, python);
  return typeof worker === 'string'
    ? worker
    : { name: 'pytorch', ...worker, run: (steps) => worker.time(String(steps)) };
}

/** A script that times what PyTorch does, a line of its input at a time. */
export interface TorchWorker {
  readonly description: string;
  time(line: string): Promise<Timing>;
  close(): Promise<void>;
}

/** Starts such a script with one argument; or says why it cannot. */
export async function openTorch(script: string, task: object, python: string): Promise<TorchWorker | string> {
  const probe = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
  if (probe.status !== 0) return `PyTorch is absent: "${python} -c 'import torch'" fails`;
  const child = spawn(python, [script, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${script} ended early`);
    return JSON.parse(line.value);
  };
  const { version, threads } = helloSchema.parse(await answer());
  return {
    description: `PyTorch ${version} eager, ${threads} threads`,
    time: async (line) => {
      child.stdin.write(`${line}\n`);
      return timingSchema.parse(await answer());
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
