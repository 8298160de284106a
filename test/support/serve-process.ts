import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { COMPILED } from './command.ts';
import { waitUntil } from './wait-until.ts';

export interface ServeProcess {
  readonly addresses: { readonly grpc: string; readonly http: string };
  readonly pid: number;
  /** The default model, as the ready line says it. */
  readonly model: Readonly<Record<string, unknown>> | undefined;
  /** Ends the process at once, as a power cut would. */
  kill(): Promise<void>;
}

type ReadyLine = ServeProcess['addresses'] & Pick<ServeProcess, 'model'>;

/** The real `serve` command in a process of its own, on free ports unless flags say otherwise, once it is ready. */
export const startServeProcess = (...flags: string[]): Promise<ServeProcess> => startServeProcessIn({}, ...flags);

/** The same with more in its environment. */
export async function startServeProcessIn(
  more: Readonly<Record<string, string>>,
  ...flags: string[]
): Promise<ServeProcess> {
  const command = [...COMPILED, 'serve', '--grpc-port', '0', '--http-port', '0', '--json', ...flags];
  const child = spawn(process.execPath, command, {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...more },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (text.err += String(chunk)));
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    await waitUntil('the server to be ready', () => child.exitCode !== null || text.out.endsWith('}\n'), 180_000);
    if (child.exitCode !== null) throw new Error(`serve ended with status ${child.exitCode}: ${text.err}`);
  } catch (thrown) {
    await kill();
    throw thrown;
  }
  // Libraries may have written lines of their own before.
  const ready = JSON.parse(text.out.slice(text.out.indexOf('{\n'))) as ReadyLine;
  return { addresses: ready, pid: child.pid!, model: ready.model, kill };
}
