import process from 'node:process';
import { answerQuestions } from '../../src/base/thread.ts';
import { calls } from '../../src/runtime/thread/calls.ts';

/** The inference thread, which also stops at once when it is told to, begins nothing meanwhile, and is lost when it is told so (losable-life.ts). */
answerQuestions({
  ...calls,
  stop: (shared: SharedArrayBuffer) => {
    const flag = new Int32Array(shared);
    Atomics.store(flag, 0, 1);
    Atomics.wait(flag, 0, 1);
    process.exit(1);
  },
});
