// Original file: proto/aristarch/v1/aristarch.proto

import type { Result as _aristarch_v1_Result, Result__Output as _aristarch_v1_Result__Output } from '../../aristarch/v1/Result.ts';

export interface ScoreResponse {
  'results'?: (_aristarch_v1_Result)[];
  /**
   * The score above which a record is flagged at `false_positive_rate`. Where the model is calibrated by groups, each result
   * has the threshold of its own group, and this one, of all groups together, decides nothing.
   */
  'threshold'?: (number | string);
  'falsePositiveRate'?: (number | string);
  'model'?: (string);
  'modelVersion'?: (string);
  'requestId'?: (string);
}

export interface ScoreResponse__Output {
  'results': (_aristarch_v1_Result__Output)[];
  /**
   * The score above which a record is flagged at `false_positive_rate`. Where the model is calibrated by groups, each result
   * has the threshold of its own group, and this one, of all groups together, decides nothing.
   */
  'threshold': (number);
  'falsePositiveRate': (number);
  'model': (string);
  'modelVersion': (string);
  'requestId': (string);
}
