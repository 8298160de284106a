import type { Logger } from 'pino';
import type { Sampler } from '../../scoring/sampler.ts';
import type { Detector, OpenDetectorOptions } from '../../scoring/detector.ts';
import type { Inference } from '../../scoring/inference/inference.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import { watchDrift } from '../drift.ts';
import type { Metrics } from '../metrics.ts';
import { openModel, type OpenModelParts } from './open-model.ts';
import type { Models, OpenModel } from './port.ts';
import { ModelRepository } from './repository.ts';
import { createSingleModel } from './single.ts';
import { watchRepository } from './watch.ts';

export interface OpenModelsParts {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly openDetector: (folder: string, options: OpenDetectorOptions) => Promise<Detector>;
  readonly openSampler: (folder: string, options: OpenDetectorOptions) => Promise<Sampler>;
  readonly inference: Inference;
  /** Whose signatures models must have; any, and none, where it is undefined. */
  readonly trustedKeys: OpenDetectorOptions['trustedKeys'];
  /** Whether callers are told no names of models that they did not name. */
  readonly hidesNames: boolean;
  /** Told of the default model, when it is first served and whenever another version has taken its place. */
  readonly onDefault: (model: OpenModel) => void;
}

/** The models that the configuration names: one for good, or a folder of them. Throws what opening them throws. */
export async function openModels(parts: OpenModelsParts): Promise<Models> {
  const opener = createOpener(parts);
  const { config, onDefault } = parts;
  const models =
    config.models === undefined
      ? createSingleModel(await openModel(opener, config.model!, { model: config.modelName }))
      : await openRepository(parts, config.models, opener);
  const watchedModel = (): OpenModel | undefined => models.open().find((model) => models.isDefault(model));
  parts.metrics.watchModels(() => ({
    open: models.open().map(({ description }) => description),
    falsePositiveRate: config.falsePositiveRate,
    refusedVersions: models.list().flatMap(({ versions }) => versions.filter(({ state }) => state === 'refused'))
      .length,
    refusedRules: models.list().filter(({ servingFault }) => servingFault !== undefined).length,
    drift: watchedModel()?.drift?.summary(),
  }));
  if (config.models === undefined) onDefault(models.open()[0]!);
  return models;
}

async function openRepository(parts: OpenModelsParts, folder: string, opener: OpenModelParts): Promise<Models> {
  const { config, log, clock, metrics, onDefault, hidesNames } = parts;
  const repository = await ModelRepository.open({
    folder,
    defaultModel: config.defaultModel,
    maxLoaded: config.maxLoadedModels,
    open: (version, name) => openModel(opener, version, name),
    metrics: metrics.models,
    ...{ clock, log, onDefault, hidesNames },
  });
  const stopWatching = watchRepository(repository, config.modelsPollMs, log);
  const close = repository.close.bind(repository);
  return Object.assign(repository, {
    close: () => {
      stopWatching();
      return close();
    },
  });
}

function createOpener(parts: OpenModelsParts): OpenModelParts {
  const { config, log, inference, openDetector, openSampler, trustedKeys } = parts;
  const { device, threads, imageFolder, maxBatchRows: rowsPerCall } = config;
  // `auto` is judged by the fullest inference: with fewer rows that wait no device is the limit. What opening has to remark is its normal
  // choice: a device that was asked for and fails is an error.
  const said = new Set<string>();
  const warn = (message: string): void => {
    // Of many models most are judged alike.
    if (!said.has(message)) log.info(message);
    said.add(message);
  };
  const options = (): OpenDetectorOptions => ({
    ...{ device, threads, inference, trustedKeys, imageFolder, rowsPerCall, warn },
  });
  return {
    openSampler: (folder) => openSampler(folder, options()),
    explains: config.explainTopK > 0,
    falsePositiveRate: config.falsePositiveRate,
    watchDrift: (description) => watchDrift(description, config, log),
    openDetector: (folder) => openDetector(folder, options()),
  };
}
