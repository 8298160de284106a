// Original file: proto/aristarch/v1/aristarch.proto

import type { Long } from '@grpc/proto-loader';

export interface CalibrationGroup {
  'name'?: (string);
  /**
   * Held-out normal records.
   */
  'count'?: (number | string | Long);
  'smallestFalsePositiveRate'?: (number | string);
}

export interface CalibrationGroup__Output {
  'name': (string);
  /**
   * Held-out normal records.
   */
  'count': (number);
  'smallestFalsePositiveRate': (number);
}
