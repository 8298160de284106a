import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until `found` gives something other than undefined or false; throws after `timeoutMs`, saying what was awaited. */
export async function waitUntil<T>(
  what: string,
  find: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms still waiting for: ${what}`);
    await sleep(50);
  }
}
