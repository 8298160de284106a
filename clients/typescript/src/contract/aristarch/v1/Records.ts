// Original file: proto/aristarch/v1/aristarch.proto

import type { Record as _aristarch_v1_Record, Record__Output as _aristarch_v1_Record__Output } from '../../aristarch/v1/Record.ts';

/**
 * Records with named fields.
 */
export interface Records {
  'records'?: (_aristarch_v1_Record)[];
}

/**
 * Records with named fields.
 */
export interface Records__Output {
  'records': (_aristarch_v1_Record__Output)[];
}
