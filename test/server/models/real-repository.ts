import { afterEach } from '@jest/globals';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { openSampler } from '../../../src/scoring/open-sampler.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { openModel } from '../../../src/server/models/open-model.ts';
import type { ModelChoice } from '../../../src/server/models/port.ts';
import { ModelRepository } from '../../../src/server/models/repository.ts';
import type { RepositoryParts } from '../../../src/server/models/repository-parts.ts';
import { createListeningLog } from '../../support/serve-fixture.ts';

const opened: ModelRepository[] = [];
afterEach(() => Promise.all(opened.splice(0).map((repository) => repository.close())));

/** A repository of real models, and what it does: each time a model is opened, and its log. `beforeOpen` can hold an opening up. */
export async function openRepository(
  folder: string,
  changes: Partial<RepositoryParts> = {},
  beforeOpen: (opened: string) => Promise<void> | undefined = () => undefined,
) {
  const { log, lines } = createListeningLog();
  const opens: string[] = [];
  const closes: string[] = [];
  const parts = { explains: false, watchDrift: () => undefined, openDetector: countedDetector(closes), openSampler };
  const repository = await ModelRepository.open({
    folder,
    maxLoaded: 10,
    open: async (path, name) => {
      opens.push(`${name.model}/${name.version}`);
      await beforeOpen(opens.at(-1)!);
      return openModel(parts, path, name);
    },
    metrics: createMetrics().models,
    clock: SYSTEM_CLOCK,
    log,
    ...changes,
  });
  opened.push(repository);
  return {
    repository,
    opens,
    closes,
    warnings: () => lines().filter(({ level }) => level === 40),
    errors: () => lines().filter(({ level }) => Number(level) >= 50),
  };
}

/** The real one on the CPU; says what was closed. */
function countedDetector(closes: string[]) {
  return async (folder: string) => {
    const detector = await openDetector(folder, { device: 'cpu' });
    const close = async (): Promise<void> => {
      closes.push(detector.description.version);
      await detector.close();
    };
    return { ...detector, close };
  };
}

/** What the chosen model makes of a row whose sizes sum to 1: its factor. */
export async function factorOf(repository: ModelRepository, choice: ModelChoice = {}): Promise<number> {
  const { model, release } = await repository.acquire(choice);
  const { scores } = await model.detector.score(Float32Array.of(1, 0, 0));
  release();
  return scores[0]!;
}

/** A change is acted on once two looks have found the same. */
export async function refreshTwice(repository: ModelRepository): Promise<void> {
  await repository.refresh();
  await repository.refresh();
}
