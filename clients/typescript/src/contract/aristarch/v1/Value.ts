// Original file: proto/aristarch/v1/aristarch.proto

import type { NullValue as _aristarch_v1_NullValue, NullValue__Output as _aristarch_v1_NullValue__Output } from '../../aristarch/v1/NullValue.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A field's value; a Value with nothing set, like an explicit null, is a missing value.
 */
export interface Value {
  'number'?: (number | string);
  'text'?: (string);
  'flag'?: (boolean);
  /**
   * Milliseconds since 1970-01-01T00:00:00Z.
   */
  'timestampMs'?: (number | string | Long);
  'null'?: (_aristarch_v1_NullValue);
  /**
   * An image: the bytes of a PNG, JPEG or WebP file.
   */
  'image'?: (Buffer | Uint8Array | string);
  'kind'?: "number"|"text"|"flag"|"timestampMs"|"null"|"image";
}

/**
 * A field's value; a Value with nothing set, like an explicit null, is a missing value.
 */
export interface Value__Output {
  'number'?: (number);
  'text'?: (string);
  'flag'?: (boolean);
  /**
   * Milliseconds since 1970-01-01T00:00:00Z.
   */
  'timestampMs'?: (number);
  'null'?: (_aristarch_v1_NullValue__Output);
  /**
   * An image: the bytes of a PNG, JPEG or WebP file.
   */
  'image'?: (Buffer);
  'kind'?: "number"|"text"|"flag"|"timestampMs"|"null"|"image";
}
