import type { Detector } from '../../scoring/detector.ts';
import { selfTest } from './self-test.ts';

/** What a model must do to be served, beside the self-test. */
export interface ServingNeeds {
  /** Rate of requests that state none; the model's own when absent. A model that cannot keep it is not served. */
  readonly falsePositiveRate?: number | undefined;
  /** Whether each model must be able to explain, because it will be asked to. */
  readonly explains: boolean;
}

/** Proves that an open model can be served. Throws `RATE_UNSUPPORTED`, `ARTEFACT_INVALID` from the self-test, and `PRECONDITION_FAILED` where it cannot explain and must. */
export async function proveModel(detector: Detector, { falsePositiveRate, explains }: ServingNeeds): Promise<void> {
  if (falsePositiveRate !== undefined) detector.thresholdAt(falsePositiveRate);
  await selfTest(detector);
  // A model that cannot explain must not show it at the first anomaly.
  if (explains) await detector.explain(new Float32Array(detector.description.rowWidth), { topK: 1 });
}
