import type { DetectorDescription } from '../../scoring/detector.ts';
import { placeOf } from '../../scoring/inference/inference.ts';
import type { DriftSummary } from '../../scoring/drift/drift-monitor.ts';
import type { Instruments } from './instruments.ts';

/** Reading, compiling and the self-test: milliseconds for a small critic, seconds where a CUDA context is made. */
const LOAD_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const DEVICE_HELP =
  'Always 1; the labels say which device was proven to run the models (cpu, webgpu, cuda, tfjs), whether that is a processor or a gpu ' +
  '(unknown where the engine does not say), its name as far as it is known, and the engine.';

/** What is read at a scrape. */
export interface WatchedModels {
  readonly open: readonly DetectorDescription[];
  /** Rate of requests that state none; undefined for each model's own. */
  readonly falsePositiveRate: number | undefined;
  /** Versions on the disk that cannot be served. */
  readonly refusedVersions: number;
  /** Models whose serving.json cannot be used. */
  readonly refusedRules: number;
  readonly drift: DriftSummary | undefined;
}

/** Which models are open. */
export function modelMetrics({ counter, gauge, histogram }: Instruments) {
  const which = ['name', 'version'] as const;
  const info =
    'Always 1; the labels say which models are open, and where inferences are computed (inline, split, worker; docs/inference.md). ' +
    'Their names are those of folders that the operator made.';
  return {
    info: gauge('model_info', info, { labelNames: [...which, 'family', 'inference'] }),
    device: gauge('device_info', DEVICE_HELP, { labelNames: ['device', 'kind', 'hardware', 'engine'] }),
    trained: gauge('model_trained_timestamp_seconds', 'When the model was trained, in seconds since 1970.', {
      labelNames: which,
    }),
    calibrationRows: gauge('model_calibration_rows', 'Held-out normal rows that p-values are counted among.', {
      labelNames: which,
    }),
    falsePositiveRate: gauge(
      'model_false_positive_rate',
      'Share of normal rows that requests flag which state no rate of their own.',
      { labelNames: which },
    ),
    open: gauge('models_open', 'Models that are open.'),
    refusedVersions: gauge('model_versions_refused', 'Versions in the folder of models that cannot be served.'),
    refusedRules: gauge(
      'model_serving_files_refused',
      'Models whose serving.json cannot be used: what it said before holds.',
    ),
    loads: counter(
      'model_loads_total',
      'Models opened, self-test included, by outcome (OK or the error code): what is not OK is not served.',
      ['outcome'] as const,
    ),
    loadSeconds: histogram('model_load_duration_seconds', 'Time to open a model, self-test included.', LOAD_SECONDS),
    evictions: counter('model_evictions_total', 'Models closed to make room for others.'),
  };
}

export function setModels(metrics: ReturnType<typeof modelMetrics>, watched: WatchedModels): void {
  const { info, device, trained, calibrationRows, falsePositiveRate } = metrics;
  for (const gauge of [info, device, trained, calibrationRows, falsePositiveRate]) gauge.reset();
  metrics.open.set(watched.open.length);
  metrics.refusedVersions.set(watched.refusedVersions);
  metrics.refusedRules.set(watched.refusedRules);
  for (const model of watched.open) {
    const { name, version, family, inlineRows = Infinity } = model;
    const trainedMs = Date.parse(model.trainedAt);
    info.set({ name, version, family, inference: placeOf(inlineRows) }, 1);
    device.set(
      { device: model.device, kind: model.hardware.kind, hardware: model.hardware.name, engine: model.engine },
      1,
    );
    if (!Number.isNaN(trainedMs)) trained.set({ name, version }, trainedMs / 1000);
    calibrationRows.set({ name, version }, model.calibration.count);
    falsePositiveRate.set({ name, version }, watched.falsePositiveRate ?? model.falsePositiveRate);
  }
}
