// Original file: proto/aristarch/v1/aristarch.proto

import type { Record as _aristarch_v1_Record, Record__Output as _aristarch_v1_Record__Output } from '../../aristarch/v1/Record.ts';
import type { Long } from '@grpc/proto-loader';

export interface SampleResponse {
  /**
   * Whole rows with all fields of the model, in the user's own units; null is a missing value. A category is one of the levels
   * that training saw; a time is weekday and time of day (UTC) in the week of 1970-01-05, as a model never sees a date.
   */
  'records'?: (_aristarch_v1_Record)[];
  /**
   * Place of the first of them in the sequence.
   */
  'firstRow'?: (number | string | Long);
  'model'?: (string);
  'modelVersion'?: (string);
}

export interface SampleResponse__Output {
  /**
   * Whole rows with all fields of the model, in the user's own units; null is a missing value. A category is one of the levels
   * that training saw; a time is weekday and time of day (UTC) in the week of 1970-01-05, as a model never sees a date.
   */
  'records': (_aristarch_v1_Record__Output)[];
  /**
   * Place of the first of them in the sequence.
   */
  'firstRow': (number);
  'model': (string);
  'modelVersion': (string);
}
