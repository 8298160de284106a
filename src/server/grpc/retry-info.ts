import protobuf from 'protobufjs';
import { status } from './engine.ts';
import type { GrpcStatusName } from './status.ts';

/** Type of the detail; the host is a part of the name, and nothing is fetched from it. */
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/**
 * A `google.rpc.Status` with one `google.rpc.RetryInfo`: when a client should ask again at the earliest
 * (googleapis google/rpc/status.proto and error_details.proto; https://cloud.google.com/apis/design/errors#error_model).
 */
export function toStatusDetails(code: GrpcStatusName, message: string, retryAfterMs: number): Buffer {
  const duration = protobuf.Writer.create();
  duration.uint32(key(1, VARINT)).int64(Math.floor(retryAfterMs / 1000));
  duration.uint32(key(2, VARINT)).int32(Math.round((retryAfterMs % 1000) * 1e6));
  const retryInfo = protobuf.Writer.create().uint32(key(1, BYTES)).bytes(duration.finish()).finish();
  const detail = protobuf.Writer.create().uint32(key(1, BYTES)).string(RETRY_INFO);
  detail.uint32(key(2, BYTES)).bytes(retryInfo);
  const whole = protobuf.Writer.create().uint32(key(1, VARINT)).int32(status[code]);
  whole.uint32(key(2, BYTES)).string(message).uint32(key(3, BYTES)).bytes(detail.finish());
  return Buffer.from(whole.finish());
}

const [VARINT, BYTES] = [0, 2];
const key = (field: number, wireType: number): number => (field << 3) | wireType;
