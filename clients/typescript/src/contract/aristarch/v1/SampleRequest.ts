// Original file: proto/aristarch/v1/aristarch.proto

import type { Record as _aristarch_v1_Record, Record__Output as _aristarch_v1_Record__Output } from '../../aristarch/v1/Record.ts';
import type { Records as _aristarch_v1_Records, Records__Output as _aristarch_v1_Records__Output } from '../../aristarch/v1/Records.ts';
import type { Long } from '@grpc/proto-loader';

export interface SampleRequest {
  /**
   * Name of the model; empty for the default one.
   */
  'model'?: (string);
  /**
   * Rows to make, at most the server's --max-sample-rows; 0 for as many as `condition_rows` has.
   */
  'count'?: (number | string | Long);
  /**
   * Names an endless sequence of rows, those of `aristarch sample --seed`; unset for 1.
   */
  'seed'?: (number | string | Long);
  /**
   * Where in the sequence to begin, from 0.
   */
  'firstRow'?: (number | string | Long);
  /**
   * Values of all rows; conditions that it does not name are drawn, each by itself.
   */
  'condition'?: (_aristarch_v1_Record | null);
  /**
   * Values of all conditions of each row, the first for `first_row`, from the start again where there are fewer than `count`.
   */
  'conditionRows'?: (_aristarch_v1_Records | null);
  /**
   * Version of the model; empty for the one that is served.
   */
  'modelVersion'?: (string);
  '_seed'?: "seed";
  /**
   * For models with conditions (FieldDescription.condition). Where neither is set, conditions are drawn as training rows were spread.
   */
  'conditions'?: "condition"|"conditionRows";
}

export interface SampleRequest__Output {
  /**
   * Name of the model; empty for the default one.
   */
  'model': (string);
  /**
   * Rows to make, at most the server's --max-sample-rows; 0 for as many as `condition_rows` has.
   */
  'count': (number);
  /**
   * Names an endless sequence of rows, those of `aristarch sample --seed`; unset for 1.
   */
  'seed'?: (number);
  /**
   * Where in the sequence to begin, from 0.
   */
  'firstRow': (number);
  /**
   * Values of all rows; conditions that it does not name are drawn, each by itself.
   */
  'condition'?: (_aristarch_v1_Record__Output | null);
  /**
   * Values of all conditions of each row, the first for `first_row`, from the start again where there are fewer than `count`.
   */
  'conditionRows'?: (_aristarch_v1_Records__Output | null);
  /**
   * Version of the model; empty for the one that is served.
   */
  'modelVersion': (string);
  '_seed'?: "seed";
  /**
   * For models with conditions (FieldDescription.condition). Where neither is set, conditions are drawn as training rows were spread.
   */
  'conditions'?: "condition"|"conditionRows";
}
