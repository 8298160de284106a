import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { PROTO_FOLDER } from '../contract.ts';

/** The Open Inference Protocol, proto/inference/open_inference.proto, as proto-loader hands its messages over. */
export const INFERENCE_SERVICE = 'inference.GRPCInferenceService';

export const INFERENCE_FILE = 'inference/open_inference.proto';

/** Numbers for int64: times in milliseconds and shapes stay below 2^53; whole numbers above it lose their last digits. */
export function loadInferenceContract(): PackageDefinition {
  return loadSync(INFERENCE_FILE, { longs: Number, defaults: true, oneofs: true, includeDirs: [PROTO_FOLDER] });
}

export interface WireModelRequest {
  readonly name: string;
  readonly version: string;
}
export interface WireTensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}
export interface WireModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly WireTensorMetadata[];
  readonly outputs: readonly WireTensorMetadata[];
}
export interface WireContents {
  readonly boolContents: readonly boolean[];
  readonly intContents: readonly number[];
  readonly int64Contents: readonly number[];
  readonly uintContents: readonly number[];
  readonly uint64Contents: readonly number[];
  readonly fp32Contents: readonly number[];
  readonly fp64Contents: readonly number[];
  readonly bytesContents: readonly Buffer[];
}
export interface WireParameter {
  readonly parameterChoice?: string;
  readonly boolParam?: boolean;
  readonly int64Param?: number;
  readonly stringParam?: string;
  readonly doubleParam?: number;
  readonly uint64Param?: number;
}
export interface WireInput extends WireTensorMetadata {
  readonly contents: WireContents | null;
}
export interface WireInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, WireParameter>>;
  readonly inputs: readonly WireInput[];
  readonly outputs: readonly { readonly name: string }[];
  readonly rawInputContents: readonly Buffer[];
}
export interface WireOutput extends WireTensorMetadata {
  readonly contents?: Partial<WireContents>;
}
export interface WireInferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, WireParameter>>;
  readonly outputs: readonly WireOutput[];
  readonly rawOutputContents: readonly Buffer[];
}
