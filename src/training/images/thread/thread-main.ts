import { AristarchError } from '../../../base/errors.ts';
import { createRandom, scopeRandom } from '../../../base/philox.ts';
import { answerQuestions } from '../../../base/thread.ts';
import { openExecutor } from '../../../runtime/open-executor.ts';
import { openTaskSteps, type TaskSteps } from '../../steps/task-steps.ts';
import type { CriticThreadCalls } from './contract.ts';
import { taskOf } from './task-of.ts';

/** What runs in a thread that trains critics of images (critic-threads.ts): it makes their negatives and computes their steps, and keeps nothing else. */
let open: TaskSteps | undefined;

const calls: CriticThreadCalls = {
  open: async (order) => {
    const { seed, round, threads } = order;
    const task = taskOf(order);
    const executor = await openExecutor({ device: 'cpu', threads, warn: () => undefined });
    open = await openTaskSteps({ executor, task, random: scopeRandom(createRandom(seed), round) });
  },
  run: (part) => {
    if (open) return open.run(part);
    throw new AristarchError('INTERNAL', 'the thread that trains critics has none open');
  },
  close: async () => {
    const closing = open;
    open = undefined;
    await closing?.close();
  },
};

answerQuestions(calls);
