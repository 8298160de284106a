import type { Thread } from '../../src/base/thread.ts';
import type { ThreadCalls } from '../../src/runtime/thread/contract.ts';
import { type Life, startLife } from '../../src/runtime/thread/life.ts';
import { waitUntil } from './wait-until.ts';

/** An inference thread that can be lost, as by a fault of its own. */
export interface LosableLife extends Life {
  /** Resolves when it is gone; what it is asked `meanwhile` it never answers. */
  lose(meanwhile?: () => Promise<void>): Promise<void>;
}

/** What losable-main.ts answers. */
interface StoppableCalls extends ThreadCalls {
  readonly stop: (shared: SharedArrayBuffer) => void;
}

const MAIN = new URL('./losable-main', import.meta.url);

export function startLosableLife(): LosableLife {
  const life = startLife(MAIN);
  const { channel } = life as unknown as Thread<StoppableCalls>;
  return {
    ...life,
    lose: async (meanwhile) => {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      void channel.ask('stop', flag.buffer).catch(() => undefined);
      await waitUntil('the thread to stop', () => Atomics.load(flag, 0) === 1);
      await meanwhile?.();
      Atomics.store(flag, 0, 2);
      Atomics.notify(flag, 0);
      await life.ended;
    },
  };
}
