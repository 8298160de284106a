import type { EventEmitter } from 'node:events';

/** What ends a process: its events, and what it can do to itself. */
export type Ending = Pick<EventEmitter, 'once' | 'off'> & Pick<NodeJS.Process, 'kill' | 'pid' | 'abort'>;

/**
 * To end a process waits for its threads, however long ONNX Runtime computes in one, and then aborts, since what the thread comes to
 * finds nobody. A process in which one still computes is killed instead, by itself; as process 1 of a container it cannot be, and aborts
 * at once. The answer takes it back.
 */
export function endBesideWork(isAtWork: () => boolean, process: Ending): () => void {
  const end = (): void => {
    if (!isAtWork()) return;
    process.kill(process.pid, 'SIGKILL');
    process.abort();
  };
  process.once('exit', end);
  return () => void process.off('exit', end);
}
