import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Channel, createChannel } from '../../base/channel.ts';
import { AristarchError, messageOf } from '../../base/errors.ts';
import type { ThreadCalls } from './contract.ts';

/** One inference thread, from its start to its end. */
export interface Life {
  /** Throws `UNAVAILABLE` where the thread ends before it has answered. */
  readonly channel: Channel<ThreadCalls>;
  /** Why it ended. */
  readonly ended: Promise<string>;
  /** Resolves when it is over. */
  end(): Promise<void>;
}

/** TypeScript in a checkout, JavaScript where it was built. */
const KIND = extname(import.meta.url);
const MAIN = new URL(`./thread-main${KIND}`, import.meta.url);

/** Whoever runs TypeScript on the main thread does not so on others: there it is told to, first. */
function startWorker(): Worker {
  const name = 'inference';
  if (KIND !== '.ts') return new Worker(MAIN, { name });
  const main = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(MAIN.href)})))`;
  return new Worker(main, { name, eval: true, execArgv: [] });
}

/** Starts a thread; what it is asked meanwhile waits for it. */
export function startLife(): Life {
  const worker = startWorker();
  let reason: string | undefined;
  worker.on('error', (thrown) => (reason = messageOf(thrown)));
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve((reason ??= `exit code ${code}`)));
  });
  const channel = createChannel<object, ThreadCalls>(
    {
      send: (message, done, moved = []) => {
        worker.postMessage(message, moved);
        done(null);
      },
      onMessage: (listener) => worker.on('message', listener),
      onClose: (listener) => worker.once('exit', listener),
    },
    {},
    () => lost(reason ?? 'it has ended'),
  );
  return {
    channel,
    ended,
    end: async () => {
      await worker.terminate();
    },
  };
}

function lost(reason: string): AristarchError {
  const message = `the inference thread was lost before it answered (${reason}): send the rows again`;
  return new AristarchError('UNAVAILABLE', message, { reason });
}
