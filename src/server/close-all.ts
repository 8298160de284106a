import type { Logger } from 'pino';
import { messageOf } from '../base/errors.ts';

/** `byMs`: when all should be over, on the monotonic clock. */
export type Closer = (byMs: number) => void | Promise<void>;

/** Closes the last first. One that fails, such as a connection to a broker, is told and keeps no other open, and the process not either. */
export async function closeAll(closers: readonly Closer[], byMs: number, log: Pick<Logger, 'error'>): Promise<void> {
  for (const close of closers.toReversed()) {
    try {
      await close(byMs);
    } catch (thrown) {
      log.error(`a part of the server did not close as it should: ${messageOf(thrown)}`);
    }
  }
}
