import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { FAULTS_OF_FILES, type ModelEntry, withoutPlace } from './entry.ts';
import type { OpenModel } from './port.ts';
import type { RepositoryParts } from './repository-parts.ts';
import type { FoundVersion } from './scan.ts';

/** Opens a version that was found in the repository's folder; it is refused from then on where its files are at fault. */
export async function openFound(
  { open, metrics, clock, log }: RepositoryParts,
  entry: ModelEntry,
  found: FoundVersion,
): Promise<OpenModel> {
  const { model, version, folder } = found;
  const startedMs = clock.monotonicMs();
  try {
    const opened = await open(folder, { model, version });
    metrics.loads.inc({ outcome: 'OK' });
    metrics.loadSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
    return opened;
  } catch (thrown) {
    const error = withoutPlace(toAristarchError(thrown), found);
    metrics.loads.inc({ outcome: error.code });
    const isFinal = FAULTS_OF_FILES.has(error.code);
    if (isFinal) entry.refuse(found, error);
    const next = isFinal ? 'it is left alone until its files change' : 'it is tried again when it is asked for';
    log.error(
      { model, version, code: error.code },
      `version ${version} of model "${model}" cannot be served: ${error.message}; ${next}`,
    );
    throw error.code === 'NOT_FOUND' ? goneMeanwhile(error) : error;
  }
}

/** It was there at the last look: whether it was taken away, or a volume with it, the next ones will show. */
function goneMeanwhile(error: AristarchError): AristarchError {
  return new AristarchError('UNAVAILABLE', error.message, error.data, error);
}
