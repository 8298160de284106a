// Original file: proto/aristarch/v1/aristarch.proto

import type { ListedModel as _aristarch_v1_ListedModel, ListedModel__Output as _aristarch_v1_ListedModel__Output } from '../../aristarch/v1/ListedModel.ts';

export interface ListModelsResponse {
  'models'?: (_aristarch_v1_ListedModel)[];
}

export interface ListModelsResponse__Output {
  'models': (_aristarch_v1_ListedModel__Output)[];
}
