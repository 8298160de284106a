import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Run } from './job.ts';
import type { PassThroughJob } from './pass-through.ts';

export interface PassThrough extends Disposable {
  run(job: PassThroughJob): Promise<Run>;
}

/** A process for pass-throughs, kept for all runs: its code is warm when it is measured, as ours is. */
export function openPassThrough(): PassThrough {
  const child = fork(join(import.meta.dirname, 'pass-through-process.ts'), { execArgv: ['--import', 'tsx'] });
  return {
    async run(job) {
      const answered = once(child, 'message') as Promise<[{ run?: Run; error?: string }]>;
      child.send(job);
      const [{ run, error }] = await answered;
      if (run === undefined) throw new Error(`the pass-through failed: ${error}`);
      return run;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}
