import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CRITIC_FILE } from '../../src/models/artefact/layout.ts';
import { stopProcess } from './child.ts';
import { interleave, runLoad, summarise, type Summary } from './measure.ts';
import { INFER_PATH, inferRequest, SCORE_PATH, scoreRequest } from './messages.ts';
import { connectionsOf, nameOfCallers, type Stage } from './parts.ts';
import { freePort } from './start.ts';
import type { Served } from './servers.ts';

/** One number of callers, each with one row a call. */
export interface BesideMlserver {
  readonly callers: number;
  readonly name: string;
  readonly mlserver: Summary;
  /** By the same bytes as MLServer's, and by `Score`, the project's own call. */
  readonly infer: Summary;
  readonly score: Summary;
  /** Calls a second of `infer`, in MLServer's. */
  readonly times: number;
}

export interface Mlserver {
  /** MLServer's and its ONNX Runtime's versions. */
  readonly version: string;
  readonly results: readonly BesideMlserver[];
}

export const MLSERVER_CALLERS = [1, 16, 100] as const;

/** The versions of MLServer and ONNX Runtime that a Python has; undefined where it lacks one. */
export function findMlserver(python: string): string | undefined {
  const versions =
    'import mlserver, onnxruntime; print(mlserver.__version__, "with ONNX Runtime", onnxruntime.__version__)';
  const { status, stdout } = spawnSync(python, ['-c', versions], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * MLServer with the same critic.onnx, in one process, which is what it is fastest with on two cores (each of its workers is sent
 * every request by the process that listens), and without its adaptive batching, as it comes.
 */
export async function measureMlserver(stage: Stage, python: string, version: string): Promise<Mlserver> {
  const { client, aristarch, rounds, seconds } = stage;
  const model = aristarch.model.name;
  const mlserver = await startMlserver(stage.folder, model, python);
  const results: BesideMlserver[] = [];
  try {
    for (const callers of MLSERVER_CALLERS) {
      const load = { connections: connectionsOf(callers), seconds, shape: { kind: 'closed' as const, callers } };
      const infer = { ...load, path: INFER_PATH, request: inferRequest(1, model) };
      const runs = await interleave(rounds, {
        mlserver: () => runLoad(client, mlserver, infer),
        infer: () => runLoad(client, aristarch, infer),
        score: () => runLoad(client, aristarch, { ...load, path: SCORE_PATH, request: scoreRequest(1) }),
      });
      const summary = {
        mlserver: summarise(runs.mlserver),
        infer: summarise(runs.infer),
        score: summarise(runs.score),
      };
      const times = summary.infer.perSecond / summary.mlserver.perSecond;
      results.push({ callers, name: nameOfCallers(callers), ...summary, times });
    }
  } finally {
    await mlserver.stop();
  }
  return { version, results };
}

async function startMlserver(modelFolder: string, name: string, python: string): Promise<Served> {
  const home = await mkdtemp(join(tmpdir(), 'aristarch-bench-mlserver-'));
  const port = await freePort();
  const ports = { grpc_port: port, http_port: await freePort(), metrics_port: await freePort() };
  const settings = { host: '127.0.0.1', ...ports, parallel_workers: 0 };
  const implementation = 'mlserver_critic.Critic';
  await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
  const modelSettings = { name, implementation, parameters: { uri: `./${CRITIC_FILE}` } };
  await writeFile(join(home, 'model-settings.json'), JSON.stringify(modelSettings));
  await copyFile(join(modelFolder, CRITIC_FILE), join(home, CRITIC_FILE));
  await copyFile(resolve(import.meta.dirname, 'mlserver_critic.py'), join(home, 'mlserver_critic.py'));
  const start = 'import sys; from mlserver.cli import main; sys.argv = ["mlserver", "start", "."]; main()';
  const child = spawn(python, ['-c', start], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    await rm(home, { recursive: true, force: true });
  };
  try {
    await untilServing(child, `http://127.0.0.1:${ports.http_port}/v2/models/${name}/ready`);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { port, pid: child.pid!, stop };
}

const START_SECONDS = 60;

async function untilServing(child: ChildProcess, address: string): Promise<void> {
  let said = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text: Buffer) => (said = (said + String(text)).slice(-2000)));
  const ended = once(child, 'exit').then(() => true);
  for (let waited = 0; waited < 10 * START_SECONDS; waited++) {
    if (
      await fetch(address).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    if (await Promise.race([ended, sleep(100)])) throw new Error(`MLServer ended before it was ready: ${said}`);
  }
  throw new Error(`MLServer was not ready within ${START_SECONDS} s: ${said}`);
}
