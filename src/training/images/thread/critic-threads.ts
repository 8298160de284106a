import { usableCores } from '../../../base/cores.ts';
import { AristarchError, messageOf } from '../../../base/errors.ts';
import { startThread, type Thread } from '../../../base/thread.ts';
import type { TaskSteps, TaskStepsOptions } from '../../steps/task-steps.ts';
import type { CriticOrder, CriticRun, CriticThreadCalls } from './contract.ts';

/**
 * Threads in which critics of images are trained at the same time. What a critic learns depends on its round's seed and images alone, so that the
 * bytes are those of critics that are trained one after the other.
 */
export interface CriticThreads {
  /** Critics at once. */
  readonly count: number;
  /**
   * What computes the steps of a round's critic; at most `count` are open. The images move to the thread, and are of no use here afterwards. `options` are
   * for what is computed here.
   */
  open(order: Omit<CriticOrder, keyof CriticRun>, options: TaskStepsOptions): Promise<TaskSteps>;
  /** When what is computed is done; what is asked afterwards fails. */
  close(): Promise<void>;
}

type CriticThread = Thread<CriticThreadCalls>;

const MAIN = new URL('./thread-main', import.meta.url);

/** Each is started when it is first needed, and serves one round after the other. */
export function createCriticThreads(run: CriticRun, count: number, begin = startThread): CriticThreads {
  const started: CriticThread[] = [];
  const idle: CriticThread[] = [];
  const start = (): CriticThread => {
    const thread = startOrRefuse(() => begin<CriticThreadCalls>({ name: 'critic', main: MAIN, lost }));
    started.push(thread);
    return thread;
  };
  return {
    count,
    open: async (order) => {
      const thread = idle.pop() ?? start();
      const { channel } = thread;
      await channel.ask('open', { ...run, ...order }, [order.images.buffer]);
      return {
        run: (part) => channel.ask('run', part),
        close: async () => {
          await channel.ask('close', undefined);
          idle.push(thread);
        },
      };
    },
    close: async () => {
      await Promise.all(started.map((thread) => thread.end()));
    },
  };
}

/** What is thrown where a thread has ended before it answered. */
export function lost(reason: string): AristarchError {
  const message = `a thread that trains a critic was lost (${reason}): start again, with --resume to go on`;
  return new AristarchError('UNAVAILABLE', message, { reason });
}

/** Starts a thread; throws `RESOURCE_EXHAUSTED` where the system gives none. */
export function startOrRefuse<T>(start: () => T): T {
  try {
    return start();
  } catch (thrown) {
    throw noThread(messageOf(thrown));
  }
}

function noThread(reason: string): AristarchError {
  const message = `no thread can be started in which to train a critic (${reason}): let the process have more, or have critics trained one after the other with --threads ${usableCores()}`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { reason });
}
