// Original file: proto/aristarch/v1/aristarch.proto

import type { FieldDescription as _aristarch_v1_FieldDescription, FieldDescription__Output as _aristarch_v1_FieldDescription__Output } from '../../aristarch/v1/FieldDescription.ts';
import type { Drift as _aristarch_v1_Drift, Drift__Output as _aristarch_v1_Drift__Output } from '../../aristarch/v1/Drift.ts';
import type { CalibrationGroup as _aristarch_v1_CalibrationGroup, CalibrationGroup__Output as _aristarch_v1_CalibrationGroup__Output } from '../../aristarch/v1/CalibrationGroup.ts';
import type { Long } from '@grpc/proto-loader';

export interface DescribeModelResponse {
  'model'?: (string);
  'modelVersion'?: (string);
  'family'?: (string);
  'fields'?: (_aristarch_v1_FieldDescription)[];
  /**
   * Order of a dense row's values.
   */
  'slots'?: (string)[];
  'falsePositiveRate'?: (number | string);
  'smallestFalsePositiveRate'?: (number | string);
  'calibrationCount'?: (number);
  /**
   * "split" or "cross".
   */
  'calibrationMethod'?: (string);
  /**
   * "cpu", "webgpu", "cuda" or "tfjs"; it was proven to run.
   */
  'device'?: (string);
  'trainedAt'?: (string);
  'trainingRows'?: (number | string | Long);
  /**
   * How what was scored since the server started drifts; unset where the model does not tell its training rows' spread.
   */
  'drift'?: (_aristarch_v1_Drift | null);
  /**
   * Groups of records that keep the false-positive rate by themselves, where the model has conditions with levels. The last one is
   * the rest: combinations of levels with too few held-out records, and levels that training never saw. It is judged by all
   * held-out records where its own are too few, and then keeps no rate by itself.
   */
  'calibrationGroups'?: (_aristarch_v1_CalibrationGroup)[];
  /**
   * The version that training gave it; `model_version` is the one that it is served as.
   */
  'artefactVersion'?: (string);
  /**
   * Where inferences are computed, for people: "inline", "in the inference thread", or up to how many rows are inline.
   */
  'inference'?: (string);
  /**
   * What computes, its version and threads; of TensorFlow (tfjs) whether it has taken a GPU.
   */
  'engine'?: (string);
  /**
   * The processor or GPU that computes; where the engine does not name it, what is known of it instead.
   */
  'hardware'?: (string);
  /**
   * "processor" or "gpu"; "unknown" where the engine does not say.
   */
  'hardwareKind'?: (string);
}

export interface DescribeModelResponse__Output {
  'model': (string);
  'modelVersion': (string);
  'family': (string);
  'fields': (_aristarch_v1_FieldDescription__Output)[];
  /**
   * Order of a dense row's values.
   */
  'slots': (string)[];
  'falsePositiveRate': (number);
  'smallestFalsePositiveRate': (number);
  'calibrationCount': (number);
  /**
   * "split" or "cross".
   */
  'calibrationMethod': (string);
  /**
   * "cpu", "webgpu", "cuda" or "tfjs"; it was proven to run.
   */
  'device': (string);
  'trainedAt': (string);
  'trainingRows': (number);
  /**
   * How what was scored since the server started drifts; unset where the model does not tell its training rows' spread.
   */
  'drift': (_aristarch_v1_Drift__Output | null);
  /**
   * Groups of records that keep the false-positive rate by themselves, where the model has conditions with levels. The last one is
   * the rest: combinations of levels with too few held-out records, and levels that training never saw. It is judged by all
   * held-out records where its own are too few, and then keeps no rate by itself.
   */
  'calibrationGroups': (_aristarch_v1_CalibrationGroup__Output)[];
  /**
   * The version that training gave it; `model_version` is the one that it is served as.
   */
  'artefactVersion': (string);
  /**
   * Where inferences are computed, for people: "inline", "in the inference thread", or up to how many rows are inline.
   */
  'inference': (string);
  /**
   * What computes, its version and threads; of TensorFlow (tfjs) whether it has taken a GPU.
   */
  'engine': (string);
  /**
   * The processor or GPU that computes; where the engine does not name it, what is known of it instead.
   */
  'hardware': (string);
  /**
   * "processor" or "gpu"; "unknown" where the engine does not say.
   */
  'hardwareKind': (string);
}
