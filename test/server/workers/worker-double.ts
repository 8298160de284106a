import type { WorkerProcess } from '../../../src/server/workers/fork.ts';

/** A worker that answers what it is asked by `answer`. */
export function createProcess(answer: (name: string, argument: unknown) => unknown): WorkerProcess {
  const ask = async (name: string, argument: unknown) => (await answer(name, argument)) as never;
  const nothing = () => undefined;
  return {
    pid: 1,
    channel: { ask },
    awake: Promise.resolve(),
    ended: new Promise(nothing),
    release: nothing,
    kill: nothing,
  };
}
