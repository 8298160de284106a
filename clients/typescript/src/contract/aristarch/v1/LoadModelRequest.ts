// Original file: proto/aristarch/v1/aristarch.proto


export interface LoadModelRequest {
  /**
   * Empty for the default model.
   */
  'model'?: (string);
  /**
   * A version to open; requests that name none go on with the newest.
   */
  'modelVersion'?: (string);
}

export interface LoadModelRequest__Output {
  /**
   * Empty for the default model.
   */
  'model': (string);
  /**
   * A version to open; requests that name none go on with the newest.
   */
  'modelVersion': (string);
}
