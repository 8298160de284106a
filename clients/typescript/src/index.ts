export {
  createClient,
  type AristarchClient,
  type BatchChoices,
  type ListedModel,
  type ModelChoice,
  type ModelDescription,
  type PackedRows,
  type Result,
  type Rows,
  type ScoreChoices,
  type Scores,
  type StreamChoices,
} from './client.ts';
export type { CallChoices, Priority } from './calls.ts';
export { CallError, type StatusName } from './errors.ts';
export type { ClientOptions, TlsOptions } from './options.ts';
export { type FieldValue, type FieldValues, fromWireRecord, fromWireValue } from './records.ts';
export { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
export type { SampleWish } from './sample.ts';
