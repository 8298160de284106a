import { fromJSON } from '@grpc/proto-loader';

/** As in googleapis: google/rpc/status.proto, google/rpc/error_details.proto, google/protobuf/any.proto and duration.proto. */
const field = (id: number, type: string) => ({ id, type });
const STATUS_CONTRACT = {
  nested: {
    rpc: {
      nested: {
        Any: { fields: { typeUrl: field(1, 'string'), value: field(2, 'bytes') } },
        Status: { fields: { code: field(1, 'int32'), details: { id: 3, type: 'Any', rule: 'repeated' } } },
        Duration: { fields: { seconds: field(1, 'int64'), nanos: field(2, 'int32') } },
        RetryInfo: { fields: { retryDelay: field(1, 'Duration') } },
        // A service is what gives proto-loader's callers decoders.
        Details: {
          methods: {
            status: { requestType: 'Status', responseType: 'Status' },
            retryInfo: { requestType: 'RetryInfo', responseType: 'RetryInfo' },
          },
        },
      },
    },
  },
};

interface Details {
  readonly status: { readonly responseDeserialize: (bytes: Buffer) => object };
  readonly retryInfo: { readonly responseDeserialize: (bytes: Buffer) => object };
}
interface WireStatus {
  readonly details: readonly { readonly typeUrl: string; readonly value: Buffer }[];
}
interface WireRetryInfo {
  readonly retryDelay: { readonly seconds: number; readonly nanos: number } | null;
}

const DETAILS = fromJSON(STATUS_CONTRACT as Parameters<typeof fromJSON>[0], { longs: Number, defaults: true })[
  'rpc.Details'
] as unknown as Details;
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** The delay of the `google.rpc.RetryInfo` in the bytes of a `google.rpc.Status`; undefined where there is none. */
export function retryDelayMs(bytes: string | Buffer | undefined): number | undefined {
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const { details } = DETAILS.status.responseDeserialize(bytes) as WireStatus;
    const found = details.find(({ typeUrl }) => typeUrl === RETRY_INFO);
    if (found === undefined) return undefined;
    const { retryDelay } = DETAILS.retryInfo.responseDeserialize(found.value) as WireRetryInfo;
    return retryDelay === null ? 0 : retryDelay.seconds * 1000 + retryDelay.nanos / 1e6;
  } catch {
    // Bytes of somebody else: a call without this detail.
    return undefined;
  }
}
