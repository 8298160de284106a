// Original file: proto/aristarch/v1/aristarch.proto


export interface ListModelsRequest {
}

export interface ListModelsRequest__Output {
}
