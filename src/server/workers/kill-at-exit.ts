import type { EventEmitter } from 'node:events';
import type { WorkerProcess } from './fork.ts';

/** Nothing that a process leaves behind may go on serving. One listener for all, however many there are; the answer takes it away. */
export function killAtExit(
  running: () => readonly Pick<WorkerProcess, 'kill'>[],
  process: Pick<EventEmitter, 'once' | 'off'>,
): () => void {
  const kill = (): void => running().forEach((worker) => worker.kill());
  process.once('exit', kill);
  return () => void process.off('exit', kill);
}
