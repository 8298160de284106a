import { AristarchError } from '../../base/errors.ts';
import type { Sampler } from '../../scoring/sampler.ts';
import type { Detector, DetectorDescription } from '../../scoring/detector.ts';
import type { DriftMonitor } from '../../scoring/drift/drift-monitor.ts';
import type { OpenModel } from './port.ts';
import { selfTest } from './self-test.ts';

export interface OpenModelParts {
  readonly openDetector: (folder: string) => Promise<Detector>;
  readonly openSampler: (folder: string) => Promise<Sampler>;
  readonly watchDrift: (description: DetectorDescription) => DriftMonitor | undefined;
  /** Rate of requests that state none; the model's own when absent. A model that cannot keep it is not served. */
  readonly falsePositiveRate?: number | undefined;
  /** Whether each model must be able to explain, because it will be asked to. */
  readonly explains: boolean;
}

/** What a model is served as; its own name and version when absent. */
export interface ServedName {
  readonly model?: string | undefined;
  readonly version?: string | undefined;
}

/**
 * Opens a model's folder and proves that it can be served. Throws what opening throws, `RATE_UNSUPPORTED`,
 * `ARTEFACT_INVALID` from the self-test, and `PRECONDITION_FAILED` where it cannot explain and must; nothing stays open then.
 */
export async function openModel(
  { openDetector, openSampler, watchDrift, falsePositiveRate, explains }: OpenModelParts,
  folder: string,
  { model, version }: ServedName = {},
): Promise<OpenModel> {
  const detector = await openDetector(folder);
  const own = detector.description;
  try {
    if (falsePositiveRate !== undefined) detector.thresholdAt(falsePositiveRate);
    await selfTest(detector);
    // A model that cannot explain must not show it at the first anomaly.
    if (explains) await detector.explain(new Float32Array(own.rowWidth), { topK: 1 });
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
