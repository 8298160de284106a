import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `holds`, looking every few milliseconds; fails after `timeoutMs` with the name of what did not happen. */
export async function until(name: string, holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not happen within ${timeoutMs} ms: ${name}`);
    await sleep(5);
  }
}

/** Waits until `read` gives the same value for `quietMs`, and returns it: for what must stop by itself. */
export async function settled(read: () => number, quietMs = 300): Promise<number> {
  let [value, since] = [read(), performance.now()];
  await until('the value comes to rest', () => {
    const now = read();
    if (now !== value) [value, since] = [now, performance.now()];
    return performance.now() - since >= quietMs;
  });
  return value;
}

/** A door that work waits at until it is opened. */
export interface Gate {
  readonly waiting: () => number;
  readonly wait: () => Promise<void>;
  readonly open: () => void;
}
export function createGate(): Gate {
  let open: () => void = () => undefined;
  let waiting = 0;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    waiting: () => waiting,
    wait: async () => {
      waiting++;
      await passed;
      waiting--;
    },
  };
}
