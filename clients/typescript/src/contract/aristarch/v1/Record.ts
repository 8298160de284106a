// Original file: proto/aristarch/v1/aristarch.proto

import type { Value as _aristarch_v1_Value, Value__Output as _aristarch_v1_Value__Output } from '../../aristarch/v1/Value.ts';

export interface Record {
  'fields'?: ({[key: string]: _aristarch_v1_Value});
}

export interface Record__Output {
  'fields': ({[key: string]: _aristarch_v1_Value__Output});
}
