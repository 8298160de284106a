import type { NamedArrays, Session } from '../executor.ts';
import type { Life } from './life.ts';

/** A session in the inference thread. */
export interface RemoteSession extends Session {
  /** Loads it where the thread that is there has not got it. Throws what reading and loading throw, and `UNAVAILABLE` without a thread. */
  load(): Promise<void>;
}

export interface RemoteSessionParts {
  readonly session: number;
  /** The thread that is there. Throws `UNAVAILABLE`. */
  readonly living: () => Life;
  readonly read: () => Promise<Uint8Array>;
  readonly threads: number;
  /** Told when it has computed something. */
  readonly onAnswer: () => void;
}

export function openRemoteSession({ session, living, read, threads, onAnswer }: RemoteSessionParts): RemoteSession {
  let loaded: { readonly life: Life; readonly done: Promise<void> } | undefined;
  const loadInto = async ({ channel }: Life): Promise<void> => {
    await channel.ask('load', { session, onnx: await read(), threads });
  };
  /** Whoever comes while it is being loaded waits for it, too. */
  const load = async (): Promise<Life> => {
    const life = living();
    if (loaded?.life !== life) loaded = { life, done: loadInto(life) };
    const own = loaded;
    try {
      await own.done;
    } catch (thrown) {
      if (loaded === own) loaded = undefined;
      throw thrown;
    }
    return life;
  };
  return {
    load: async () => {
      await load();
    },
    run: async (feeds) => {
      const { channel } = await load();
      const own = copyOf(feeds);
      const results = await channel.ask('run', { session, feeds: own }, buffersOf(own));
      onAnswer();
      return results;
    },
    close: async () => {
      const own = loaded;
      loaded = undefined;
      // What is lost with its thread is closed, too.
      await own?.done.then(() => own.life.channel.ask('close', session)).catch(() => undefined);
    },
  };
}

/** The one copy that is made: it moves to the thread. */
function copyOf(feeds: NamedArrays): NamedArrays {
  const own: Record<string, NamedArrays[string]> = {};
  for (const name of Object.keys(feeds)) own[name] = { data: feeds[name]!.data.slice(), shape: feeds[name]!.shape };
  return own;
}

const buffersOf = (arrays: NamedArrays): ArrayBuffer[] =>
  Object.values(arrays).map(({ data }) => data.buffer as ArrayBuffer);
