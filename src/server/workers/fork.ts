import cluster from 'node:cluster';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Channel, createChannel } from '../../base/channel.ts';
import type { PrimaryCalls, WorkerCalls } from './contract.ts';

/** How a process ended: its exit status, or the signal that ended it. */
export type Ending = string;

export interface WorkerProcess {
  readonly pid: number;
  readonly channel: Channel<WorkerCalls>;
  /** Resolves when it can be asked. */
  readonly awake: Promise<void>;
  readonly ended: Promise<Ending>;
  /** Lets it go; it ends by that. */
  release(): void;
  kill(): void;
}

/** This file's kind: TypeScript in a checkout, JavaScript where it was built. */
const MAIN = fileURLToPath(new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url));

/**
 * A process that shares this one's ports: it asks this process to listen, which hands connections to all such processes in turn.
 * `calls`: what it may ask of this process.
 */
export function forkWorker(calls: Omit<PrimaryCalls, 'awake'>): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // Typed arrays, NaN and undefined go through as they are.
  cluster.setupPrimary({ exec: MAIN, args: [], serialization: 'advanced' });
  const worker = cluster.fork();
  const { process: child } = worker;
  let wake: () => void;
  const awake = new Promise<void>((resolve) => (wake = resolve));
  const channel = createChannel<PrimaryCalls, WorkerCalls>(
    {
      send: (message, done) => child.send(message, done),
      onMessage: (listener) => child.on('message', listener),
      onClose: (listener) => child.once('disconnect', listener),
    },
    { ...calls, awake: () => wake() },
  );
  // What cannot be started, or written to, is lost as one that ends is.
  worker.on('error', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(
    ([status, signal]) => String(signal ?? `exit status ${String(status)}`),
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  const kill = (): void => void child.kill('SIGKILL');
  return {
    ...{ pid: child.pid!, channel, awake, ended, kill },
    release: () => {
      if (child.connected) child.disconnect();
    },
  };
}
