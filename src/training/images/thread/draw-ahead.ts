import { startThread } from '../../../base/thread.ts';
import type { NamedArrays } from '../../../runtime/executor.ts';
import type { DrawAhead } from '../../steps/task-steps.ts';
import { openTaskSteps } from '../../steps/task-steps.ts';
import type { CriticRun, DrawCalls } from './contract.ts';
import { lost, startOrRefuse, type CriticThreads } from './critic-threads.ts';

const MAIN = new URL('./draw-main', import.meta.url);

/**
 * One critic at a time, whose steps are computed here while a thread draws what the next ones need: the changed copies, which take almost as long. What is
 * drawn depends on seed, round and step alone, so that the bytes are those of a critic that draws for itself.
 */
export function createDrawAhead(run: CriticRun, begin = startThread): CriticThreads {
  const thread = startOrRefuse(() => begin<DrawCalls>({ name: 'draws', main: MAIN, lost }));
  return {
    count: 1,
    open: async (order, options) => {
      await thread.channel.ask('open', { ...run, ...order }, [order.images.buffer]);
      const ask = (...part: Part): Promise<NamedArrays> => {
        const [from, count, rateFactor] = part;
        return thread.channel.ask('draw', { from, count, rateFactor });
      };
      return openTaskSteps({ ...options, draws: inAdvance(ask, options.task.steps) });
    },
    close: () => thread.end(),
  };
}

type Part = Parameters<DrawAhead>;

/** Asks for the next part as soon as one is there; a part that nobody foresaw, as after a divergence, is asked for anew. */
export function inAdvance(ask: DrawAhead, steps: number): DrawAhead {
  let next: { readonly part: Part; readonly drawn: Promise<NamedArrays> } | undefined;
  return async (...part) => {
    const isForeseen = next !== undefined && part.every((value, at) => value === next!.part[at]);
    const drawn = await (isForeseen ? next!.drawn : ask(...part));
    const [from, count, rateFactor] = part;
    const after = from + count;
    next = undefined;
    if (after < steps) {
      const following: Part = [after, Math.min(count, steps - after), rateFactor];
      next = { part: following, drawn: ask(...following) };
      // Told when it is asked for; until then it is nobody's fault.
      next.drawn.catch(() => undefined);
    }
    return drawn;
  };
}
