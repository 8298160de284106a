import { extname } from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';
import { type Calls, createChannel, type OwnChannel } from './channel.ts';
import { type AristarchError, messageOf } from './errors.ts';

/** One thread, from its start to its end. */
export interface Thread<C extends Calls<C>> {
  /** Throws what the thread throws, and `lost` where it ends before it has answered. */
  readonly channel: OwnChannel<C>;
  /** Why it ended. */
  readonly ended: Promise<string>;
  /** Resolves when it is over; what it was asked before is answered first. */
  end(): Promise<void>;
  /** The process need not go on for its sake. */
  letGo(): void;
}

export interface ThreadParts {
  readonly name: string;
  /** Its module, which answers by `answerQuestions`, without the ending: TypeScript in a checkout, JavaScript where it was built. */
  readonly main: URL;
  /** What is thrown where it has ended before it answered. */
  readonly lost: (reason: string) => AristarchError;
}

const KIND = extname(import.meta.url);

/** Whoever runs TypeScript on the main thread does not so on others: there it is told to, first. */
function startWorker(main: string, name: string): Worker {
  if (KIND !== '.ts') return new Worker(new URL(main), { name });
  const text = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(main)})))`;
  return new Worker(text, { name, eval: true, execArgv: [] });
}

/** Starts a thread; what it is asked meanwhile waits for it. Throws where the system gives none. */
export function startThread<C extends Calls<C>>({ name, main, lost }: ThreadParts): Thread<C> {
  const worker = startWorker(`${main.href}${KIND}`, name);
  let reason: string | undefined;
  worker.on('error', (thrown) => (reason = messageOf(thrown)));
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve((reason ??= `exit code ${code}`)));
  });
  const channel = createChannel<object, C>(
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
      worker.postMessage(END);
      await ended;
    },
    letGo: () => worker.unref(),
  };
}

/**
 * Asks a thread to leave by itself. One that is ended from outside while ONNX Runtime computes in it, or opens a model, takes the process with it:
 * the binding's fault finds nobody to catch it.
 */
const END = 'end';

/** What a thread that `startThread` started does: it answers, until it is asked to end. */
export function answerQuestions<C extends Calls<C>>(calls: C): void {
  const port = parentPort!;
  const channel = createChannel<C, object>(
    {
      send: (message, done) => {
        port.postMessage(message);
        done(null);
      },
      onMessage: (listener) => port.on('message', listener),
      onClose: (listener) => port.once('close', listener),
    },
    calls,
  );
  port.on('message', (message) => {
    if (message === END) void channel.answered().then(() => process.exit());
  });
}
