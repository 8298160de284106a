import type { EventEmitter } from 'node:events';
import { AristarchError, messageOf } from './errors.ts';

/** The two outputs of a process. */
export interface Outputs {
  readonly stdout: Pick<EventEmitter, 'on'>;
  readonly stderr: Pick<EventEmitter, 'on'>;
}

/**
 * An output that cannot be written (a full disk, a reader or a terminal that is gone) ends no process by itself: one that serves goes on without its log,
 * and writes on where there is room again. A result that did not arrive is told once by `onLost`, unless its reader has closed the
 * pipe (`| head`), which is no fault.
 */
export function outliveOutputs({ stdout, stderr }: Outputs, onLost: (error: AristarchError) => void): void {
  stderr.on('error', () => undefined);
  let told = false;
  stdout.on('error', (thrown: NodeJS.ErrnoException) => {
    if (told || thrown.code === 'EPIPE') return;
    told = true;
    const message = `cannot write to standard output (${messageOf(thrown)}): see to the place that it is sent to, and run this again`;
    onLost(new AristarchError('PRECONDITION_FAILED', message, {}, thrown));
  });
}
