import { EXIT_CODES } from '../../src/base/command-line.ts';
import { AristarchError, toAristarchError } from '../../src/base/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a set-up's command: the first signal stops it in good order, a second one at once; a fault becomes a line and an exit code. */
export async function runSetUp(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    for (const each of SIGNALS) process.off(each, onSignal);
    stop.abort(new AristarchError('CANCELLED', `stopped by ${name}; what was there before is as it was`));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    await work(stop.signal);
  } catch (thrown) {
    const { code, message } = toAristarchError(thrown);
    console.error(`error: ${message} (${code})`);
    process.exitCode = EXIT_CODES[code];
  } finally {
    for (const each of SIGNALS) process.off(each, onSignal);
  }
}
