import { setTimeout as sleep } from 'node:timers/promises';

/** Controllers take their time on a machine that does other work as well. */
const PATIENCE_MS = 120_000;
/** Each question is a process. */
const PAUSE_MS = 500;

/** Asks until the answer is true. Throws after two minutes, with what `seen` gives then. */
export async function waitFor(
  what: string,
  isSo: () => Promise<boolean>,
  seen: () => unknown = () => '',
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`still waiting for ${what}: ${JSON.stringify(seen())}`);
    await sleep(PAUSE_MS);
  }
}
