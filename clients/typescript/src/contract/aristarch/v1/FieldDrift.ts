// Original file: proto/aristarch/v1/aristarch.proto


/**
 * How the latest rows' values of a field differ from the training rows'.
 */
export interface FieldDrift {
  'name'?: (string);
  /**
   * Population stability index against the training rows: 0 is none, above 0.25 is large by the usual rule.
   */
  'stabilityIndex'?: (number | string);
  'missingShare'?: (number | string);
  /**
   * Share of missing values among the training rows.
   */
  'trainingMissingShare'?: (number | string);
  /**
   * Share of levels that training did not see, for a category.
   */
  'unseenShare'?: (number | string);
}

/**
 * How the latest rows' values of a field differ from the training rows'.
 */
export interface FieldDrift__Output {
  'name': (string);
  /**
   * Population stability index against the training rows: 0 is none, above 0.25 is large by the usual rule.
   */
  'stabilityIndex': (number);
  'missingShare': (number);
  /**
   * Share of missing values among the training rows.
   */
  'trainingMissingShare': (number);
  /**
   * Share of levels that training did not see, for a category.
   */
  'unseenShare': (number);
}
