import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError } from '../../base/errors.ts';
import { type Life, startLife } from './life.ts';
import { openRemoteSession, type RemoteSession } from './remote-session.ts';

/** A thread of its own for inference, and another one in its place where it is lost. */
export interface InferenceThread {
  /**
   * A model that is loaded into the thread when it is first run, and again where the thread was lost; `read` gives its bytes each time.
   * `threads`: those inside one operation.
   */
  open(read: () => Promise<Uint8Array>, threads: number): RemoteSession;
  /** Milliseconds that the way there and back takes, the thread being asleep; the lower quartile of some, measured once. */
  handoverMs(): Promise<number>;
  /** Sessions are of no use afterwards. */
  close(): Promise<void>;
}

export interface InferenceThreadParts {
  /** Told why a thread was lost, once for each. */
  readonly onLoss: (reason: string) => void;
  readonly start?: () => Life;
}

/** Of a thread that is lost again and again without having computed anything meanwhile: the first is replaced at once. */
const PAUSE_MS = { second: 100, longest: 10_000 };

const ECHOES = 11;
/** Until the thread sleeps, as it does where inferences do not follow each other at once: most of the time goes into waking it. */
const ASLEEP_AFTER_MS = 1;

export function startInferenceThread({ onLoss, start = startLife }: InferenceThreadParts): InferenceThread {
  let [closed, fruitless, sessions] = [false, 0, 0];
  let life: Life | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let handover: Promise<number> | undefined;
  const begin = (): void => {
    const own = start();
    life = own;
    void own.ended.then((reason) => {
      if (closed) return;
      life = undefined;
      fruitless += 1;
      onLoss(reason);
      if (fruitless === 1) begin();
      else waiting = setTimeout(begin, Math.min(PAUSE_MS.second * 2 ** (fruitless - 2), PAUSE_MS.longest));
    });
  };
  const living = (): Life => {
    if (life !== undefined) return life;
    const why = closed ? 'is closed' : 'was lost and is started again in a moment';
    throw new AristarchError('UNAVAILABLE', `the inference thread ${why}: send the rows again`);
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
      const last = life;
      life = undefined;
      await last?.end();
    },
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
  return tookMs.toSorted((a, b) => a - b)[Math.floor(ECHOES / 4)]!;
}
