// Original file: proto/aristarch/v1/aristarch.proto


/**
 * Raw rows, packed one after the other in the order of DescribeModelResponse.slots; NaN is a missing value.
 */
export interface DenseRows {
  'values'?: (number | string)[];
  /**
   * Width of a row; must equal the model's.
   */
  'width'?: (number);
}

/**
 * Raw rows, packed one after the other in the order of DescribeModelResponse.slots; NaN is a missing value.
 */
export interface DenseRows__Output {
  'values': (number)[];
  /**
   * Width of a row; must equal the model's.
   */
  'width': (number);
}
