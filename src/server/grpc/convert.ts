import { AristarchError } from '../../base/errors.ts';
import type { FeatureSchema } from '../../models/features/schema.ts';
import type { Explanation, RawRecord } from '../../scoring/detector.ts';
import { groupOfRow } from '../../scoring/group-calibration.ts';
import type { DriftSummary } from '../../scoring/drift/drift-monitor.ts';
import { describePlace } from '../../scoring/inference/inference.ts';
import type { ListedModel, OpenModel } from '../models/port.ts';
import type { SampledRows, SampleJob } from '../sampling-service.ts';
import type { ScoreJob, ScoreOutcome } from '../scoring-service.ts';
import type {
  WireDescribeResponse,
  WireDrift,
  WireExplanation,
  WireListResponse,
  WireRecord,
  WireSampleRequest,
  WireSampleResponse,
  WireScoreRequest,
  WireScoreResponse,
  WireSentValue,
  WireValue,
} from './contract.ts';

/** A received message, or why its bytes are none; decoding must not throw inside grpc-js, which would say INTERNAL. */
export type Received<T> = { readonly message: T } | { readonly fault: AristarchError };

/** The deserialiser of a method: what `decode` makes of its bytes, the fault that it throws, or `INVALID_INPUT`. */
export function receive<T>(decode: (bytes: Buffer) => T, type: string): (bytes: Buffer) => Received<T> {
  return (bytes) => {
    try {
      return { message: decode(bytes) };
    } catch (cause) {
      if (cause instanceof AristarchError) return { fault: cause };
      const why = cause instanceof Error ? cause.message : String(cause);
      return { fault: new AristarchError('INVALID_INPUT', `the message is no valid ${type}: ${why}`, { type }, cause) };
    }
  };
}

export function openReceived<T>(received: Received<T>): T {
  if ('fault' in received) throw received.fault;
  return received.message;
}

/** Rows of a job, as far as its sender says; whether the width is the model's shows when it is scored. */
export function countSent({ rows, width = 0 }: Pick<ScoreJob, 'rows' | 'width'>): number {
  return rows instanceof Float32Array ? Math.ceil(rows.length / Math.max(1, width)) : rows.length;
}

export interface FromScoreRequest {
  readonly requestId: string;
  readonly job: ScoreJob;
}

/** What a job has of its call, beside its message. */
type CallConditions = Pick<
  ScoreJob,
  'transport' | 'checkAlive' | 'deadlineMs' | 'priority' | 'key' | 'traceId' | 'span' | 'afterwards'
>;

/** The one way from a request's message to a job. One object, not spread together: this is done for each call. */
export function fromScoreRequest(
  { requestId, model, modelVersion, records, dense, falsePositiveRate, explainTopK }: WireScoreRequest,
  { transport, checkAlive, deadlineMs, priority, key, traceId, span, afterwards }: CallConditions,
): FromScoreRequest {
  const job = {
    transport,
    checkAlive,
    deadlineMs,
    priority,
    key,
    traceId,
    span,
    afterwards,
    model,
    modelVersion,
    rows: records ? records.records.map(fromRecord) : fromDense(dense),
    width: records ? undefined : dense?.width,
    falsePositiveRate,
    explainTopK: explainTopK > 0 ? explainTopK : undefined,
  } satisfies Record<keyof CallConditions, unknown> & ScoreJob;
  return { requestId, job };
}

function fromDense(dense: WireScoreRequest['dense']): Float32Array {
  if (dense) return dense.values instanceof Float32Array ? dense.values : Float32Array.from(dense.values);
  throw new AristarchError(
    'INVALID_INPUT',
    'the request has no rows; set "records" (named fields) or "dense" (packed rows)',
  );
}

function fromRecord(record: WireRecord): RawRecord {
  return Object.fromEntries(Object.entries(record.fields).map(([name, value]) => [name, fromValue(value)]));
}

const VALUES: { readonly [K in NonNullable<WireValue['kind']>]: (value: WireValue) => unknown } = {
  number: (value) => value.number,
  text: (value) => value.text,
  flag: (value) => value.flag,
  timestampMs: (value) => new Date(value.timestampMs!),
  null: () => null,
  image: (value) => value.image,
};

function fromValue(value: WireValue): unknown {
  return value.kind === undefined ? null : VALUES[value.kind](value);
}

export function fromSampleRequest(request: WireSampleRequest): SampleJob {
  const { model, modelVersion, count, seed, firstRow, condition, conditionRows } = request;
  return {
    ...{ model, modelVersion, count, firstRow },
    ...(seed !== undefined && { seed }),
    ...(condition && { condition: fromRecord(condition) }),
    ...(conditionRows && { conditionRows: conditionRows.records.map(fromRecord) }),
  };
}

export function toSampleResponse({ records, firstRow, model, modelVersion }: SampledRows): WireSampleResponse {
  return { records: records.map(toSentRecord), firstRow, model, modelVersion };
}

function toSentRecord(record: RawRecord): WireSampleResponse['records'][number] {
  const fields = Object.entries(record).map(([name, value]) => [name, toSentValue(value)] as const);
  return { fields: Object.fromEntries(fields) };
}

export function toScoreResponse(
  { batch, explanations, model, modelVersion }: ScoreOutcome,
  requestId: string,
): WireScoreResponse {
  const { scores, pValues, verdicts, threshold, falsePositiveRate, groups } = batch;
  const results = Array.from(scores, (score, row) => ({
    score,
    pValue: pValues[row]!,
    anomalous: verdicts[row] === 1,
    ...(explanations && { explanation: toWireExplanation(explanations[row]!) }),
    ...(groups && { calibrated: groupOfRow(groups, row) }),
  }));
  return { results, threshold, falsePositiveRate, model, modelVersion, requestId };
}

function toWireExplanation({ contributions, counterpartScore, counterpart, image }: Explanation): WireExplanation {
  const values = Object.entries(counterpart).map(([field, value]) => [field, toSentValue(value)] as const);
  return {
    contributions: contributions.map((each) => ({
      ...each,
      value: toSentValue(each.value),
      normal: toSentValue(each.normal),
    })),
    counterpartScore,
    counterpart: Object.fromEntries(values),
    ...(image && { image }),
  };
}

function toSentValue(value: unknown): WireSentValue {
  if (typeof value === 'number') return { number: value };
  if (typeof value === 'boolean') return { flag: value };
  if (value instanceof Date) return { timestampMs: value.getTime() };
  if (value instanceof Uint8Array) return { image: value };
  return typeof value === 'string' ? { text: value } : { null: 'NULL_VALUE' };
}

export function toDescribeResponse({ description: model, artefactVersion, drift }: OpenModel): WireDescribeResponse {
  return {
    model: model.name,
    modelVersion: model.version,
    family: model.family,
    fields: [...model.schema.fields, ...imageFields(model.schema)].map((field) => ({
      name: field.name,
      kind: field.kind,
      missing: field.missing,
      levels: field.kind === 'category' ? field.levels : [],
      condition: field.condition === true,
    })),
    slots: model.slotNames,
    falsePositiveRate: model.falsePositiveRate,
    smallestFalsePositiveRate: model.calibration.smallestFalsePositiveRate,
    calibrationCount: model.calibration.count,
    calibrationMethod: model.calibration.method,
    device: model.device,
    trainedAt: model.trainedAt,
    trainingRows: model.trainingRows,
    drift: drift === undefined ? null : toDrift(drift.summary()),
    calibrationGroups: model.calibration.groups ?? [],
    artefactVersion,
    ...{ engine: model.engine, hardware: model.hardware.name, hardwareKind: model.hardware.kind },
    inference: describePlace(model.inlineRows ?? Infinity),
  };
}

/** An image is a field to whoever sends one. */
const imageFields = ({ image }: FeatureSchema) => (image ? [{ ...image, missing: false, condition: undefined }] : []);

function toDrift({ scores, fields, window, alarmProbability }: DriftSummary): WireDrift {
  const { rows, alarmAtRow, log10Martingale, log10Largest } = scores;
  const alarm = { alarm: alarmAtRow !== undefined, alarmProbability, alarmAtScore: alarmAtRow ?? 0 };
  return { scores: rows, ...alarm, log10Martingale, log10Largest, window, fields };
}

export function toListResponse(models: readonly ListedModel[]): WireListResponse {
  return {
    models: models.map(({ serving = '', pinned = '', servingFault = '', ...model }) => ({
      ...model,
      servingVersion: serving,
      pinnedVersion: pinned,
      servingFault,
    })),
  };
}
