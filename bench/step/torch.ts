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
  const lines = openLines(script, [JSON.stringify(task)], python);
  if (typeof lines === 'string') return lines;
  const { version, threads } = helloSchema.parse(await lines.read());
  return {
    description: `PyTorch ${version} eager, ${threads} threads`,
    time: async (line) => {
      lines.write(line);
      return timingSchema.parse(await lines.read());
    },
    close: () => lines.close(),
  };
}

/** A script that answers lines with lines of JSON. */
export interface Lines {
  read(): Promise<unknown>;
  write(line: string): void;
  close(): Promise<void>;
}

/** Starts a script that needs PyTorch; or says why it cannot. */
export function openLines(script: string, args: readonly string[], python: string): Lines | string {
  const probe = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
  if (probe.status !== 0) return `PyTorch is absent: "${python} -c 'import torch'" fails`;
  const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    read: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended early`);
      return JSON.parse(line.value) as unknown;
    },
    write: (line) => void child.stdin.write(`${line}\n`),
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
