// Original file: proto/aristarch/v1/aristarch.proto

import type { FieldContribution as _aristarch_v1_FieldContribution, FieldContribution__Output as _aristarch_v1_FieldContribution__Output } from '../../aristarch/v1/FieldContribution.ts';
import type { Value as _aristarch_v1_Value, Value__Output as _aristarch_v1_Value__Output } from '../../aristarch/v1/Value.ts';
import type { ImageExplanation as _aristarch_v1_ImageExplanation, ImageExplanation__Output as _aristarch_v1_ImageExplanation__Output } from '../../aristarch/v1/ImageExplanation.ts';

/**
 * Why a record has its score: the nearest normal record found, from which it differs in few fields.
 */
export interface Explanation {
  /**
   * The fields that differ, the weightiest first, as many as were asked for.
   */
  'contributions'?: (_aristarch_v1_FieldContribution)[];
  /**
   * Score of the nearest normal record. All contributions, also those that were not asked for, sum to the score minus this.
   */
  'counterpartScore'?: (number | string);
  /**
   * All fields of the nearest normal record; times as weekday and clock in UTC, "Monday 14:00:00".
   */
  'counterpart'?: ({[key: string]: _aristarch_v1_Value});
  /**
   * Set where the record is an image.
   */
  'image'?: (_aristarch_v1_ImageExplanation | null);
}

/**
 * Why a record has its score: the nearest normal record found, from which it differs in few fields.
 */
export interface Explanation__Output {
  /**
   * The fields that differ, the weightiest first, as many as were asked for.
   */
  'contributions': (_aristarch_v1_FieldContribution__Output)[];
  /**
   * Score of the nearest normal record. All contributions, also those that were not asked for, sum to the score minus this.
   */
  'counterpartScore': (number);
  /**
   * All fields of the nearest normal record; times as weekday and clock in UTC, "Monday 14:00:00".
   */
  'counterpart': ({[key: string]: _aristarch_v1_Value__Output});
  /**
   * Set where the record is an image.
   */
  'image': (_aristarch_v1_ImageExplanation__Output | null);
}
