import { readCalibration, type CalibrationShape } from './calibration-shape.ts';
import type { PageModel } from './feed.ts';

const BINS = 36;

/** A model as the page shows it; plain data. */
export interface ShownModel extends CalibrationShape {
  readonly name: string;
  readonly version: string;
  readonly family: string;
  readonly device: string;
  readonly trainedAt: string;
  readonly trainingRows: number;
  readonly calibrationRows: number;
  readonly falsePositiveRate: number;
  /** Where there are groups, of all of them together. */
  readonly threshold: number;
  /** Groups of rows that have thresholds of their own; 0 where rows are not grouped. */
  readonly groups: number;
}

/** `falsePositiveRate`: the rate that the server flags at by default; the model's own when absent. */
export function toShownModel(model: PageModel, falsePositiveRate = model.description.falsePositiveRate): ShownModel {
  const { name, version, family, device, trainedAt, trainingRows, calibration } = model.description;
  return {
    ...{ name, version, family, device, trainedAt, trainingRows, falsePositiveRate },
    calibrationRows: calibration.count,
    threshold: model.thresholdAt(falsePositiveRate),
    groups: calibration.groups?.length ?? 0,
    ...readCalibration(model, BINS),
  };
}
