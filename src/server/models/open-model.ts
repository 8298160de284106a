import { AristarchError } from '../../base/errors.ts';
import type { Sampler } from '../../scoring/sampler.ts';
import type { Detector, DetectorDescription } from '../../scoring/detector.ts';
import type { DriftMonitor } from '../../scoring/drift/drift-monitor.ts';
import type { OpenModel } from './port.ts';
import { proveModel, type ServingNeeds } from './prove.ts';

export interface OpenModelParts extends ServingNeeds {
  readonly openDetector: (folder: string) => Promise<Detector>;
  readonly openSampler: (folder: string) => Promise<Sampler>;
  readonly watchDrift: (description: DetectorDescription) => DriftMonitor | undefined;
}

/** What a model is served as; its own name and version when absent. */
export interface ServedName {
  readonly model?: string | undefined;
  readonly version?: string | undefined;
}

/**
 * Opens a model's folder and proves that it can be served. Throws what opening and proving throw; nothing stays open then.
 */
export async function openModel(
  { openDetector, openSampler, watchDrift, ...needs }: OpenModelParts,
  folder: string,
  { model, version }: ServedName = {},
): Promise<OpenModel> {
  const detector = await openDetector(folder);
  const own = detector.description;
  try {
    await proveModel(detector, needs);
  } catch (thrown) {
    await detector.close();
    throw thrown;
  }
  const sampler = createOpenOnce(() => openGenerator(own, () => openSampler(folder)));
  return {
    description: { ...own, name: model ?? own.name, version: version ?? own.version },
    artefactVersion: own.version,
    detector,
    openSampler: sampler.open,
    drift: watchDrift(own),
    async close() {
      await sampler.close();
      await detector.close();
    },
  };
}

/** The folder may hold a newer model by now than the one that scores. */
async function openGenerator({ name, version }: DetectorDescription, open: () => Promise<Sampler>): Promise<Sampler> {
  const sampler = await open();
  const { version: found } = sampler.description;
  if (found === version) return sampler;
  await sampler.close();
  const message = `this server has version ${version} of "${name}", and its folder now holds ${found}: start the server anew to sample from it`;
  throw new AristarchError('PRECONDITION_FAILED', message, { model: name, served: version, found });
}

/** Opened when it is first needed; when that fails, the next call tries again. */
function createOpenOnce<T extends { close(): Promise<void> }>(open: () => Promise<T>) {
  let opening: Promise<T> | undefined;
  return {
    open: (): Promise<T> => {
      opening ??= open().catch((thrown: unknown) => {
        opening = undefined;
        throw thrown;
      });
      return opening;
    },
    close: async (): Promise<void> => {
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}
