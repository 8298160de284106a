// Original file: proto/aristarch/v1/aristarch.proto

import type { Explanation as _aristarch_v1_Explanation, Explanation__Output as _aristarch_v1_Explanation__Output } from '../../aristarch/v1/Explanation.ts';
import type { Calibrated as _aristarch_v1_Calibrated, Calibrated__Output as _aristarch_v1_Calibrated__Output } from '../../aristarch/v1/Calibrated.ts';

export interface Result {
  'score'?: (number | string);
  /**
   * Share of normal records at least as anomalous, from held-out normal records.
   */
  'pValue'?: (number | string);
  'anomalous'?: (boolean);
  /**
   * Set where the request asked for it.
   */
  'explanation'?: (_aristarch_v1_Explanation | null);
  /**
   * Set where the model is calibrated by the levels of its conditions: the group of the record ("protocol = tcp", or
   * "the rest"), and the score above which records of this group are flagged.
   */
  'calibrated'?: (_aristarch_v1_Calibrated | null);
}

export interface Result__Output {
  'score': (number);
  /**
   * Share of normal records at least as anomalous, from held-out normal records.
   */
  'pValue': (number);
  'anomalous': (boolean);
  /**
   * Set where the request asked for it.
   */
  'explanation': (_aristarch_v1_Explanation__Output | null);
  /**
   * Set where the model is calibrated by the levels of its conditions: the group of the record ("protocol = tcp", or
   * "the rest"), and the score above which records of this group are flagged.
   */
  'calibrated': (_aristarch_v1_Calibrated__Output | null);
}
