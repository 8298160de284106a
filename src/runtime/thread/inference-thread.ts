import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { type Life, startLife } from './life.ts';
import { openRemoteSession, type RemoteSession } from './remote-session.ts';

/** A thread of its own for inference, and another one in its place where it is lost. */
export interface InferenceThread {
  /**
   * A model that is loaded into the thread when it is first run, and again where the thread was lost; `read` gives its bytes each time.
   * `threads`: those inside one operation.
   */
  open(read: () => Promise<Uint8Array>, threads: number): RemoteSession;
  /** Milliseconds that the way there and back takes, the thread being asleep; the least of some, measured once. */
  handoverMs(): Promise<number>;
  /** When what is computed has been answered; sessions are of no use afterwards. */
  close(): Promise<void>;
  /** Whether it has something to answer. */
  isAtWork(): boolean;
  /** The process need not go on for its sake any more, whatever it computes. */
  letGo(): void;
}

export interface InferenceThreadParts {
  /** Told why a thread was lost, once for each. */
  readonly onLoss: (reason: string) => void;
  readonly start?: () => Life;
}

/** Of a thread that is lost again and again without having computed anything meanwhile: the first is replaced at once. */
const PAUSE_MS = { second: 100, longest: 10_000 };

/** `reason` in the data of the fault where no thread can be had: nothing that was handed over has ended one. */
export const CANNOT_START = 'cannot be started';

const ECHOES = 11;
/** Until the thread sleeps, as it does where inferences do not follow each other at once: most of the time goes into waking it. */
const ASLEEP_AFTER_MS = 1;

export function startInferenceThread({ onLoss, start = startLife }: InferenceThreadParts): InferenceThread {
  let [closed, fruitless, sessions] = [false, 0, 0];
  let life: Life | undefined;
  /** The last one, which `close` leaves to its work. */
  let last: Life | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let handover: Promise<number> | undefined;
  /** Why none could be started the last time. */
  let refused: string | undefined;
  const begin = (): void => {
    try {
      last = life = start();
      refused = undefined;
      void life.ended.then(lose);
    } catch (thrown) {
      refused = messageOf(thrown);
      lose(`it cannot be started: ${refused}`);
    }
  };
  const lose = (reason: string): void => {
    if (closed) return;
    life = undefined;
    fruitless += 1;
    onLoss(reason);
    if (fruitless === 1) begin();
    else waiting = setTimeout(begin, Math.min(PAUSE_MS.second * 2 ** (fruitless - 2), PAUSE_MS.longest));
  };
  const living = (): Life => {
    if (life !== undefined) return life;
    if (closed) throw new AristarchError('UNAVAILABLE', 'the inference thread is closed: send the rows again');
    if (refused === undefined) {
      throw new AristarchError(
        'UNAVAILABLE',
        'the inference thread was lost and is started again in a moment: send the rows again',
      );
    }
    const message = `the inference thread cannot be started (${refused}): let the process have another thread, or give --inference inline`;
    throw new AristarchError('UNAVAILABLE', message, { reason: CANNOT_START });
  };
  begin();
  return {
    open: (read, threads) =>
      openRemoteSession({ ...{ living, read, threads, session: ++sessions }, onAnswer: () => (fruitless = 0) }),
    handoverMs: () =>
      (handover ??= measureHandover(living).catch((thrown: unknown) => {
        handover = undefined;
        throw thrown;
      })),
    close: async () => {
      closed = true;
      clearTimeout(waiting);
      const ending = life;
      life = undefined;
      await ending?.end();
    },
    isAtWork: () => last !== undefined && last.channel.unanswered > 0,
    letGo: () => last?.letGo(),
  };
}

async function measureHandover(living: () => Life): Promise<number> {
  const { channel } = living();
  await channel.ask('echo', undefined);
  const tookMs: number[] = [];
  for (let echo = 0; echo < ECHOES; echo++) {
    await sleep(ASLEEP_AFTER_MS);
    const startedMs = performance.now();
    await channel.ask('echo', undefined);
    tookMs.push(performance.now() - startedMs);
  }
  // What else a machine does at the start of a process only adds.
  return Math.min(...tookMs);
}
