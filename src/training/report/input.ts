import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import type { ExcludedColumn, Field } from '../../models/features/schema.ts';
import type { ModelComparison } from '../continue/compare.ts';
import type { JudgedCritics } from '../images/judge-critics.ts';
import type { GamePace } from '../images/pace.ts';
import type { SourceComparison } from '../translate/compare-sources.ts';

/** What a record is called in the report. */
export const nounOf = ({ image }: Pick<ReportInput, 'image'>): 'row' | 'image' => (image ? 'image' : 'row');

/** Everything that the training report shows. The trainer fills it; the report reads nothing else. */
export interface ReportInput {
  readonly meta: ReportMeta;
  /** One entry for each network that was trained, in the order in which they are to be shown. */
  readonly curves: readonly NetworkCurves[];
  /** Scores of held-out normal rows, ascending. */
  readonly calibrationScores: readonly number[];
  /** The model's own false-positive rate, in (0, 1). */
  readonly falsePositiveRate: number;
  /** Empty where rows are not grouped; the last one is the rest. */
  readonly groups: readonly CalibrationGroupRow[];
  /** Empty where the rows are images. */
  readonly features: readonly FeatureSummary[];
  /** What every image is brought to, where the rows are images. */
  readonly image?: { readonly channels: number; readonly size: number; readonly isMirrored?: boolean };
  readonly pictures?: readonly Picture[];
  /** Present where a generator of images was trained. */
  readonly critics?: JudgedCritics;
  /** Empty where the rows are images: a model of these looks at one column. */
  readonly excluded: readonly ExcludedColumn[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** Present when the data were larger than the memory budget, so that a sample was trained on. */
  readonly sampling?: SamplingNote;
  readonly config: readonly ConfigRow[];
  /** The most anomalous rows that training saw, worst first. */
  readonly worstRows: readonly WorstRow[];
  /** Present where training went on from a model. */
  readonly comparison?: ModelComparison | undefined;
  /** Present where the model was trained on several sources. */
  readonly sourceComparison?: SourceComparison | undefined;
  /** Library -> version. */
  readonly libraries: Readonly<Record<string, string>>;
}

export interface Picture {
  readonly title: string;
  readonly note: string;
  readonly png: Uint8Array;
}

export interface CalibrationGroupRow {
  readonly name: string;
  readonly count: number;
  /** At the model's own rate. */
  readonly threshold: number;
  readonly smallestRate: number;
}

export interface ReportMeta {
  readonly name: string;
  readonly version: string;
  readonly family: string;
  readonly preset?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Files and addresses that the rows came from. */
  readonly sources: readonly string[];
  /** Rows trained on, those held out for calibration included. */
  readonly rows: number;
  readonly rowsInSource: number;
  readonly calibrationMethod: 'split' | 'cross';
  readonly trainingSeconds: number;
  /** The most memory that training has had. */
  readonly peakBytes: number;
  /** Where a generator of images was trained. */
  readonly pace?: GamePace;
  /** The execution provider that was proven to run the training. */
  readonly device: string;
  readonly threads?: number;
  readonly seed: number;
}

export interface NetworkCurves {
  /** "WGAN-GP critic", "logistic member", ... */
  readonly network: string;
  readonly series: readonly CurveSeries[];
  readonly rollbacks?: readonly Rollback[];
}

export interface CurveSeries {
  /** A key of `CURVE_MEANINGS`, or any name of its own. */
  readonly name: string;
  readonly steps: readonly number[];
  /** As long as `steps`; a value that is not finite leaves a gap. */
  readonly values: readonly number[];
}

/** A divergence: training went back to the last good state, at a lower rate. */
export interface Rollback {
  /** The step at which the divergence was seen. */
  readonly step: number;
  readonly reason: string;
}

export interface FeatureSummary {
  readonly field: Field;
  readonly fingerprint: ColumnFingerprint;
}

export interface SamplingNote {
  readonly memoryBudgetBytes: number;
  readonly seed: number;
}

/** One option of the resolved configuration. */
export interface ConfigRow {
  readonly name: string;
  readonly value: unknown;
  readonly default?: unknown;
  readonly unit?: string;
  /** The paper or measurement that the default comes from. */
  readonly source?: string;
}

export interface WorstRow {
  readonly score: number;
  readonly pValue: number;
  readonly heldOut: boolean;
  /** Field name -> value, as in the data; null where missing. */
  readonly values: Readonly<Record<string, unknown>>;
}
