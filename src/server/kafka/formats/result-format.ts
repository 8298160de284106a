import type { Explanation } from '../../../scoring/detector.ts';
import type { Source } from '../port.ts';
import { jsonResults } from './result-json.ts';

export interface ModelName {
  readonly name: string;
  readonly version: string;
}

/** What all results of a batch have in common. */
export interface ResultBatch {
  readonly source: Source;
  readonly model: ModelName;
  readonly falsePositiveRate: number;
}

/** What one result says besides. */
export interface Result {
  readonly id: string;
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
  readonly threshold: number;
  /** Where the model is calibrated by groups. */
  readonly group: string | undefined;
  readonly offset: bigint;
  /** Milliseconds since 1970 and the same in ISO 8601; undefined where the event has none that a calendar has. */
  readonly time: { readonly ms: number; readonly iso: string } | undefined;
  readonly explanation: Explanation | undefined;
}

/** How results are written. */
export interface ResultFormat {
  /** The media type of a value. */
  readonly contentType: string;
  /** Writes the results of a batch; as text where they are JSON. */
  writerOf(batch: ResultBatch): (result: Result) => string | Buffer;
}

export const JSON_RESULTS: ResultFormat = { contentType: 'application/json', writerOf: jsonResults };
