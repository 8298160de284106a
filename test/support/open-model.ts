import type { Detector } from '../../src/scoring/detector.ts';
import type { OpenModel } from '../../src/server/models/port.ts';

/** A detector as the server holds it, without its self-test. */
export function toOpenModel(detector: Detector): OpenModel {
  const { description } = detector;
  return {
    ...{ detector, description, artefactVersion: description.version, drift: undefined },
    openSampler: () => Promise.reject(new Error('no test asks for made-up rows here')),
    close: () => detector.close(),
  };
}
