import type { Logger } from 'pino';
import { toAristarchError } from '../../base/errors.ts';
import type { ModelRepository } from './repository.ts';

/**
 * Looks at a repository's folder every `intervalMs`, one look at a time, until the returned function is called; 0 never looks.
 * Events of the file system are not relied on: network file systems and mounted volumes send none.
 */
export function watchRepository(
  repository: Pick<ModelRepository, 'refresh'>,
  intervalMs: number,
  log: Pick<Logger, 'warn'>,
): () => void {
  if (intervalMs === 0) return () => undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let lastFault = '';
  const look = async (): Promise<void> => {
    const fault = await repository.refresh().then(
      () => '',
      (thrown: unknown) => toAristarchError(thrown).message,
    );
    // Said once, not at each look.
    if (fault !== '' && fault !== lastFault) log.warn(`${fault}; the models that are served stay as they are`);
    lastFault = fault;
    schedule();
  };
  const schedule = (): void => {
    if (!stopped) timer = setTimeout(() => void look(), intervalMs).unref();
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
