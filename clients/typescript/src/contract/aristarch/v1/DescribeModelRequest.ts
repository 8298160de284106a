// Original file: proto/aristarch/v1/aristarch.proto


export interface DescribeModelRequest {
  /**
   * As in ScoreRequest.
   */
  'model'?: (string);
  'modelVersion'?: (string);
}

export interface DescribeModelRequest__Output {
  /**
   * As in ScoreRequest.
   */
  'model': (string);
  'modelVersion': (string);
}
