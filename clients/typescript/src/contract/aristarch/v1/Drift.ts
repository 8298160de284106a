// Original file: proto/aristarch/v1/aristarch.proto

import type { FieldDrift as _aristarch_v1_FieldDrift, FieldDrift__Output as _aristarch_v1_FieldDrift__Output } from '../../aristarch/v1/FieldDrift.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Scores against the scores before them, and fields against the training rows. See docs/drift.md.
 */
export interface Drift {
  /**
   * Scores seen since the server started.
   */
  'scores'?: (number | string | Long);
  /**
   * Whether the alarm was raised. While scores are exchangeable it is ever raised with probability at most
   * `alarm_probability`; it stays raised until the server starts anew.
   */
  'alarm'?: (boolean);
  'alarmProbability'?: (number | string);
  /**
   * Number of the score, from 1, at which the alarm was raised; 0 where it was not.
   */
  'alarmAtScore'?: (number | string | Long);
  /**
   * log10 of the test martingale now, and of the largest value it ever had; the alarm is raised at -log10(alarm_probability).
   */
  'log10Martingale'?: (number | string);
  'log10Largest'?: (number | string);
  /**
   * Rows that a new one is compared with.
   */
  'window'?: (number);
  'fields'?: (_aristarch_v1_FieldDrift)[];
}

/**
 * Scores against the scores before them, and fields against the training rows. See docs/drift.md.
 */
export interface Drift__Output {
  /**
   * Scores seen since the server started.
   */
  'scores': (number);
  /**
   * Whether the alarm was raised. While scores are exchangeable it is ever raised with probability at most
   * `alarm_probability`; it stays raised until the server starts anew.
   */
  'alarm': (boolean);
  'alarmProbability': (number);
  /**
   * Number of the score, from 1, at which the alarm was raised; 0 where it was not.
   */
  'alarmAtScore': (number);
  /**
   * log10 of the test martingale now, and of the largest value it ever had; the alarm is raised at -log10(alarm_probability).
   */
  'log10Martingale': (number);
  'log10Largest': (number);
  /**
   * Rows that a new one is compared with.
   */
  'window': (number);
  'fields': (_aristarch_v1_FieldDrift__Output)[];
}
