import { constants } from 'node:os';

/** Signals that ask a command to end well. SIGHUP comes where its terminal is closed, or a connection to it breaks. */
export const ENDING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Who closes a terminal, and some service managers, send SIGHUP beside another one, before it or after: it is no impatient request. */
export const mayBeImpatient = (signal: string): boolean => signal !== 'SIGHUP';

/** Asked of each signal that comes: whether it is the second request of somebody who does not wait. */
export function createImpatience(): (signal: string) => boolean {
  let asked = false;
  return (signal) => {
    if (!mayBeImpatient(signal)) return false;
    const isSecond = asked;
    asked = true;
    return isSecond;
  };
}

export interface SignalledProcess {
  readonly pid: number;
  on(signal: (typeof ENDING_SIGNALS)[number], listener: () => void): unknown;
  listenerCount(signal: string): number;
  exit(status: number): void;
}

/**
 * The kernel keeps from process 1, as that of a container is, every signal that nobody listens to: a command that does not, or not yet, would
 * run on until it is killed. It ends as another process would, with the status that a shell gives.
 */
export function endAsFirstProcess(process: SignalledProcess): void {
  if (process.pid !== 1) return;
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
