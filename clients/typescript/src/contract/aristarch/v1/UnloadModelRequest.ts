// Original file: proto/aristarch/v1/aristarch.proto


export interface UnloadModelRequest {
  'model'?: (string);
}

export interface UnloadModelRequest__Output {
  'model': (string);
}
