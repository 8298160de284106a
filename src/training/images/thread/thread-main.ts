import { AristarchError } from '../../../base/errors.ts';
import { createRandom, scopeRandom } from '../../../base/philox.ts';
import { answerQuestions } from '../../../base/thread.ts';
import { IMAGE_FAMILIES } from '../../../models/families/index.ts';
import { openExecutor } from '../../../runtime/open-executor.ts';
import { openTaskSteps, type TaskSteps } from '../../steps/task-steps.ts';
import type { CriticThreadCalls } from './contract.ts';

/** What runs in a thread that trains critics of images (critic-threads.ts): it makes their negatives and computes their steps, and keeps nothing else. */
let open: TaskSteps | undefined;

const calls: CriticThreadCalls = {
  open: async ({ family, values, image, images, share, seed, round, threads }) => {
    const count = images.length / (image.channels * image.size ** 2);
    const { task } = IMAGE_FAMILIES[family]!.plan(values, { ...image, count, values: images }, share);
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
