import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { startChild, stopProcess } from './child.ts';
import { CLI } from './model.ts';

/** A server under load, in a process of its own. */
export interface Served {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Aristarch extends Served {
  readonly httpPort: number;
  readonly model: { readonly name: string; readonly version: string };
}

const readySchema = z.object({
  ...{ grpc: z.string(), http: z.string() },
  model: z.object({ name: z.string(), version: z.string() }),
});

/** The command `serve` with one model. */
export function startAristarch(folder: string, args: readonly string[] = []): Promise<Aristarch> {
  return startServe(['--model', folder, ...args]);
}

/** The command `serve`, as it is built, with a default model; on the CPU unless the arguments name another device. */
export async function startServe(args: readonly string[]): Promise<Aristarch> {
  const ports = ['--grpc-port', '0', '--http-port', '0'];
  const command = [CLI, 'serve', ...ports, '--device', 'cpu', '--log-level', 'warn', '--json'];
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  while (lines.at(-1) !== '}') {
    if (child.exitCode !== null) throw new Error('the server ended before it was ready');
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  }
  const { grpc, http, model } = readySchema.parse(JSON.parse(lines.join('\n')));
  const portOf = (address: string): number => Number(address.split(':').at(-1));
  return { port: portOf(grpc), httpPort: portOf(http), model, pid: child.pid!, stop: () => stopProcess(child) };
}

export interface Echo extends Served {
  /** What it answers from now on; base64. */
  answerWith(response: string): Promise<void>;
}

export async function startEcho(): Promise<Echo> {
  const child = startChild('echo.ts');
  const port = z.number().parse(await child.ask({}));
  return {
    ...{ port, pid: child.pid, stop: () => child.stop() },
    answerWith: async (answer) => {
      await child.ask({ answer });
    },
  };
}
