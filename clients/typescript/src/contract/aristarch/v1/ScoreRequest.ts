// Original file: proto/aristarch/v1/aristarch.proto

import type { Records as _aristarch_v1_Records, Records__Output as _aristarch_v1_Records__Output } from '../../aristarch/v1/Records.ts';
import type { DenseRows as _aristarch_v1_DenseRows, DenseRows__Output as _aristarch_v1_DenseRows__Output } from '../../aristarch/v1/DenseRows.ts';

export interface ScoreRequest {
  /**
   * Name of the model; empty for the default one.
   */
  'model'?: (string);
  'records'?: (_aristarch_v1_Records | null);
  'dense'?: (_aristarch_v1_DenseRows | null);
  /**
   * Share of normal records that may be flagged, in (0, 1); unset for the model's own.
   */
  'falsePositiveRate'?: (number | string);
  /**
   * Echoed in the response, for callers of ScoreStream.
   */
  'requestId'?: (string);
  /**
   * Above 0, each result has an explanation that names at most so many fields. An explanation takes some thousand times
   * as long as a score, so that a request with explanations may have few rows (the server's --max-explain-rows).
   */
  'explainTopK'?: (number);
  /**
   * Version of the model; empty for the one that is served.
   */
  'modelVersion'?: (string);
  'rows'?: "records"|"dense";
  '_falsePositiveRate'?: "falsePositiveRate";
}

export interface ScoreRequest__Output {
  /**
   * Name of the model; empty for the default one.
   */
  'model': (string);
  'records'?: (_aristarch_v1_Records__Output | null);
  'dense'?: (_aristarch_v1_DenseRows__Output | null);
  /**
   * Share of normal records that may be flagged, in (0, 1); unset for the model's own.
   */
  'falsePositiveRate'?: (number);
  /**
   * Echoed in the response, for callers of ScoreStream.
   */
  'requestId': (string);
  /**
   * Above 0, each result has an explanation that names at most so many fields. An explanation takes some thousand times
   * as long as a score, so that a request with explanations may have few rows (the server's --max-explain-rows).
   */
  'explainTopK': (number);
  /**
   * Version of the model; empty for the one that is served.
   */
  'modelVersion': (string);
  'rows'?: "records"|"dense";
  '_falsePositiveRate'?: "falsePositiveRate";
}
