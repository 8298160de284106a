import { AristarchError } from '../../../base/errors.ts';
import { createRandom, scopeRandom } from '../../../base/philox.ts';
import { answerQuestions } from '../../../base/thread.ts';
import { createDraws, type DrawSteps } from '../../steps/draws.ts';
import type { DrawCalls } from './contract.ts';
import { taskOf } from './task-of.ts';

/** What runs in a thread that draws for a critic whose steps are computed elsewhere (draw-ahead.ts). */
let draws: DrawSteps | undefined;

const calls: DrawCalls = {
  open: (order) => {
    draws = createDraws(taskOf(order), scopeRandom(createRandom(order.seed), order.round));
  },
  draw: ({ from, count, rateFactor }) => {
    if (draws) return draws(from, count, rateFactor);
    throw new AristarchError('INTERNAL', 'the thread that draws for critics has none open');
  },
};

answerQuestions(calls);
