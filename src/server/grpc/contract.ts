import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { GroupSummary } from '../../scoring/detector.ts';
import type { FieldDrift } from '../../scoring/drift/population.ts';
import type { ListedVersion } from '../models/port.ts';

/** The wire contract, proto/aristarch/v1/aristarch.proto, as proto-loader hands its messages over. */
export const SERVICE = 'aristarch.v1.Aristarch';

export const PROTO_FOLDER = fileURLToPath(new URL('../../../proto', import.meta.url));

export const CONTRACT_FILE = 'aristarch/v1/aristarch.proto';

// Numbers for int64: timestamps in milliseconds and row counts stay below 2^53.
const OPTIONS = { longs: Number, enums: String, defaults: true, oneofs: true };

export function loadContract(): PackageDefinition {
  return loadSync(CONTRACT_FILE, { ...OPTIONS, includeDirs: [PROTO_FOLDER] });
}

export interface WireScoreRequest {
  readonly model: string;
  readonly modelVersion: string;
  /** Which of the two is set. */
  readonly rows?: 'records' | 'dense';
  readonly records?: { readonly records: readonly WireRecord[] };
  readonly dense?: { readonly values: readonly number[] | Float32Array; readonly width: number };
  readonly falsePositiveRate?: number;
  readonly requestId: string;
  /** 0 for no explanations. */
  readonly explainTopK: number;
}
export interface WireRecord {
  readonly fields: Readonly<Record<string, WireValue>>;
}
export interface WireValue {
  readonly kind?: 'number' | 'text' | 'flag' | 'timestampMs' | 'null' | 'image';
  readonly number?: number;
  readonly text?: string;
  readonly flag?: boolean;
  readonly timestampMs?: number;
  readonly image?: Uint8Array;
}
/** A value as it is sent: which key there is says of what kind it is. */
export type WireSentValue =
  | { readonly number: number }
  | { readonly text: string }
  | { readonly flag: boolean }
  | { readonly timestampMs: number }
  | { readonly image: Uint8Array }
  | { readonly null: 'NULL_VALUE' };
export interface WireExplanation {
  readonly contributions: readonly {
    readonly field: string;
    readonly value: WireSentValue;
    readonly normal: WireSentValue;
    readonly contribution: number;
    readonly sentence: string;
  }[];
  readonly counterpartScore: number;
  readonly counterpart: Readonly<Record<string, WireSentValue>>;
  readonly image?: {
    readonly heatMapPng: Uint8Array;
    readonly counterpartPng: Uint8Array;
    readonly row: number;
    readonly column: number;
  };
}
export interface WireResult {
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
  readonly explanation?: WireExplanation;
  readonly calibrated?: { readonly group: string; readonly threshold: number };
}
export interface WireScoreResponse {
  readonly results: readonly WireResult[];
  readonly threshold: number;
  readonly falsePositiveRate: number;
  readonly model: string;
  readonly modelVersion: string;
  readonly requestId: string;
}
export interface WireSampleRequest {
  readonly model: string;
  readonly modelVersion: string;
  /** 0 where it is not set. */
  readonly count: number;
  readonly seed?: number;
  readonly firstRow: number;
  readonly condition?: WireRecord;
  readonly conditionRows?: { readonly records: readonly WireRecord[] };
}
export interface WireSampleResponse {
  readonly records: readonly { readonly fields: Readonly<Record<string, WireSentValue>> }[];
  readonly firstRow: number;
  readonly model: string;
  readonly modelVersion: string;
}
export interface WireDescribeRequest {
  readonly model: string;
  readonly modelVersion: string;
}
export interface WireDescribeResponse {
  readonly model: string;
  readonly modelVersion: string;
  readonly family: string;
  readonly fields: readonly {
    readonly name: string;
    readonly kind: string;
    readonly missing: boolean;
    readonly levels: readonly string[];
    readonly condition: boolean;
  }[];
  readonly slots: readonly string[];
  readonly falsePositiveRate: number;
  readonly smallestFalsePositiveRate: number;
  readonly calibrationCount: number;
  readonly calibrationMethod: string;
  readonly device: string;
  readonly trainedAt: string;
  readonly trainingRows: number;
  /** Null where there is none. */
  readonly drift: WireDrift | null;
  readonly calibrationGroups: readonly GroupSummary[];
  readonly artefactVersion: string;
  readonly inference: string;
  readonly engine: string;
  readonly hardware: string;
  readonly hardwareKind: string;
}
/** What LoadModel and UnloadModel are asked, too. */
export type WireModelChoice = WireDescribeRequest;
export interface WireListResponse {
  readonly models: readonly {
    readonly model: string;
    readonly servingVersion: string;
    readonly isDefault: boolean;
    readonly unloaded: boolean;
    readonly pinnedVersion: string;
    readonly servingFault: string;
    readonly versions: readonly ListedVersion[];
  }[];
}
export interface WireDrift {
  readonly scores: number;
  readonly alarm: boolean;
  readonly alarmProbability: number;
  readonly alarmAtScore: number;
  readonly log10Martingale: number;
  readonly log10Largest: number;
  readonly window: number;
  readonly fields: readonly FieldDrift[];
}
