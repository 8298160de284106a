import type { ReadOptions } from '../models/artefact/read.ts';
import type { ColumnFingerprint } from '../models/artefact/manifest.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import type { DeviceChoice } from '../runtime/executor.ts';
import type { RowGroups } from './group-calibration.ts';
import type { Hardware } from '../runtime/hardware/hardware.ts';
import type { Inference } from './inference/inference.ts';

/** A record as it comes from outside: named values, not yet checked. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** Who goes first where calls wait for each other. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface ScoreOptions {
  /** Share of normal rows that may be flagged, in (0, 1); the model's own rate when absent. */
  readonly falsePositiveRate?: number | undefined;
  /** Of a detector whose calls wait for each other; normal when absent. */
  readonly priority?: Priority | undefined;
  /** Of the same: time on the wall clock, in milliseconds since 1970, after which nobody waits for the answer. */
  readonly deadlineMs?: number | undefined;
  /** Throws when nobody waits any longer; asked before the work, and between parts of it. */
  readonly checkAlive?: (() => void) | undefined;
  /** Of a detector whose calls wait for each other: told when the wait and the inference are over, on the monotonic clock. */
  readonly onStage?: StageListener | undefined;
  /** Of the same: a version on trial works, whose turns, waits and refusals are not counted among those of callers. */
  readonly isTrial?: boolean | undefined;
}

export type StageListener = (stage: 'queue' | 'infer', startedMs: number, endedMs: number) => void;

/** Scores of one call, row by row. Higher = more anomalous, always. */
export interface ScoreBatch {
  readonly scores: Float32Array;
  /** Conformal p-values, (1 + #{calibration >= score}) / (n + 1): the share of normal rows at least as anomalous. */
  readonly pValues: Float64Array;
  /** 1 where the p-value is at most the false-positive rate (equivalently: the score exceeds `threshold`). */
  readonly verdicts: Uint8Array;
  /** The score above which a row is flagged at `falsePositiveRate`; where there are groups, each has its own. */
  readonly threshold: number;
  /** Where the model is calibrated by the levels of its conditions: the group of each row, and the groups' thresholds. */
  readonly groups?: RowGroups;
  readonly falsePositiveRate: number;
}

export interface ExplainOptions {
  /** Most fields named for a row, the weightiest first; all that were changed when absent. */
  readonly topK?: number;
  /** Throws to stop; asked between parts of the work, for an explanation takes some thousand times as long as a score. */
  readonly checkAlive?: () => void;
}

/** Why a row has its score, and the nearest normal row. */
export interface Explanation {
  readonly score: number;
  readonly pValue: number;
  /** Field by field, the nearest row found that is normal; null where missing. Only some fields differ from the row. */
  readonly counterpart: Readonly<Record<string, unknown>>;
  /** Not above the median of the calibration scores that judge the row, where the search got there. */
  readonly counterpartScore: number;
  /** The fields that differ, by size of the contribution. Without `topK` they sum to score - counterpartScore. */
  readonly contributions: readonly FieldContribution[];
  /** Where the record is an image. */
  readonly image?: ImageExplanation;
}

/** Where an image differs from the nearest normal one. */
export interface ImageExplanation {
  /** How much each pixel adds to the score, smoothed, [size size]. */
  readonly heat: Float32Array;
  /** The hottest pixel. */
  readonly row: number;
  readonly column: number;
  /** The heat in grey, the hottest pixel white, and the normal image. */
  readonly heatMapPng: Uint8Array;
  readonly counterpartPng: Uint8Array;
}

export interface FieldContribution {
  readonly field: string;
  readonly value: unknown;
  /** The counterpart's value. */
  readonly normal: unknown;
  /** What the difference adds to the score. */
  readonly contribution: number;
  /** For people: `duration 9,200; normal would be about 12`. */
  readonly sentence: string;
}

export interface CalibrationSummary {
  readonly method: 'split' | 'cross';
  /** Normal rows held out. */
  readonly count: number;
  /** 1 / (count + 1) of the smallest group: the smallest false-positive rate that this calibration can promise. */
  readonly smallestFalsePositiveRate: number;
  /**
   * Groups that keep the rate by themselves, then the rest, which is judged by all held-out rows where its own are too few; none
   * where rows are not grouped.
   */
  readonly groups?: readonly GroupSummary[];
}

export interface GroupSummary {
  /** `protocol = tcp`, or "the rest". */
  readonly name: string;
  /** Normal rows held out. */
  readonly count: number;
  readonly smallestFalsePositiveRate: number;
}

export interface DetectorDescription {
  readonly name: string;
  readonly version: string;
  readonly family: string;
  readonly schema: FeatureSchema;
  readonly rowWidth: number;
  readonly slotNames: readonly string[];
  readonly falsePositiveRate: number;
  readonly calibration: CalibrationSummary;
  readonly trainedAt: string;
  readonly trainingRows: number;
  /** How the training rows were spread, in the order of the schema's fields; without it drift is not watched. */
  readonly trainingColumns?: readonly ColumnFingerprint[];
  /** The device that was proven to run: cpu, webgpu, cuda or tfjs. */
  readonly device: string;
  /** Engine, version and threads, and of TensorFlow whether it has taken a GPU. */
  readonly engine: string;
  /** What the device was found to compute on. */
  readonly hardware: Hardware;
  /** Most rows of one inference that the calling thread computes; more are handed to another one. All when absent. */
  readonly inlineRows?: number;
}

/** An opened model. A score never depends on the other rows of the call. */
export interface Detector {
  readonly description: DetectorDescription;
  /** Records -> raw rows, `records.length * rowWidth` values. Throws `SCHEMA_MISMATCH` or `INVALID_INPUT`, naming the record and field. */
  encode(records: readonly RawRecord[]): Float32Array;
  /**
   * The same of records as JSON objects, without making records of them; undefined where one of them is to be looked at more closely, by
   * `JSON.parse` and `encode`. Absent where records are images.
   */
  readonly encodeJson?: ((texts: readonly Uint8Array[]) => Float32Array | undefined) | undefined;
  /** Scores records, or raw rows packed one after the other (`slotNames` is their order). */
  score(rows: readonly RawRecord[] | Float32Array, options?: ScoreOptions): Promise<ScoreBatch>;
  /** `score` of packed rows, done before it returns; there where the device is the thread that calls. Right for `inlineRows`. */
  readonly scoreNow?: ((rows: Float32Array, falsePositiveRate?: number) => ScoreBatch) | undefined;
  /**
   * Explains records or raw rows, normal ones too. Throws what `score` throws, and `PRECONDITION_FAILED` where the model
   * was trained without explain.onnx.
   */
  explain(rows: readonly RawRecord[] | Float32Array, options?: ExplainOptions): Promise<Explanation[]>;
  /** The threshold at a rate; throws `RATE_UNSUPPORTED` with the smallest possible rate. */
  thresholdAt(falsePositiveRate: number): number;
  close(): Promise<void>;
}

export interface OpenDetectorOptions extends ReadOptions {
  readonly device?: DeviceChoice;
  readonly threads?: number;
  /** Rows that are scored in one call, as a rule: by it the device `auto` is chosen; as many as a table's when absent. */
  readonly rowsPerCall?: number;
  /** Called with a sentence when something is not as asked (a device fell back, say). */
  readonly warn?: (message: string) => void;
  /** On the thread that calls when absent. */
  readonly inference?: Inference;
  /** Folder whose images records may name; without it references to images are refused. */
  readonly imageFolder?: string | undefined;
}
