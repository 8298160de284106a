// Original file: proto/aristarch/v1/aristarch.proto

import type { Value as _aristarch_v1_Value, Value__Output as _aristarch_v1_Value__Output } from '../../aristarch/v1/Value.ts';

export interface FieldContribution {
  'field'?: (string);
  /**
   * The record's value.
   */
  'value'?: (_aristarch_v1_Value | null);
  /**
   * The value in the nearest normal record.
   */
  'normal'?: (_aristarch_v1_Value | null);
  /**
   * What the difference adds to the score; below 0 where it makes the record look more normal.
   */
  'contribution'?: (number | string);
  /**
   * For people, in English: "duration 9,200; normal would be about 12".
   */
  'sentence'?: (string);
}

export interface FieldContribution__Output {
  'field': (string);
  /**
   * The record's value.
   */
  'value': (_aristarch_v1_Value__Output | null);
  /**
   * The value in the nearest normal record.
   */
  'normal': (_aristarch_v1_Value__Output | null);
  /**
   * What the difference adds to the score; below 0 where it makes the record look more normal.
   */
  'contribution': (number);
  /**
   * For people, in English: "duration 9,200; normal would be about 12".
   */
  'sentence': (string);
}
