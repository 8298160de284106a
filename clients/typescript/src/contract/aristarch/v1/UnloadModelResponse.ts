// Original file: proto/aristarch/v1/aristarch.proto


export interface UnloadModelResponse {
}

export interface UnloadModelResponse__Output {
}
