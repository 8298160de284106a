// Original file: proto/aristarch/v1/aristarch.proto


export interface FieldDescription {
  'name'?: (string);
  /**
   * number, boolean, category or timestamp.
   */
  'kind'?: (string);
  /**
   * Whether training rows had missing values here.
   */
  'missing'?: (boolean);
  /**
   * Levels seen in training, for a category.
   */
  'levels'?: (string)[];
  /**
   * Whether the other fields are judged, and made up by Sample, given this one.
   */
  'condition'?: (boolean);
}

export interface FieldDescription__Output {
  'name': (string);
  /**
   * number, boolean, category or timestamp.
   */
  'kind': (string);
  /**
   * Whether training rows had missing values here.
   */
  'missing': (boolean);
  /**
   * Levels seen in training, for a category.
   */
  'levels': (string)[];
  /**
   * Whether the other fields are judged, and made up by Sample, given this one.
   */
  'condition': (boolean);
}
