import { AristarchError } from '../../base/errors.ts';
import type { DetectorDescription, RawRecord } from '../../scoring/detector.ts';
import type { ScoreJob, ScoreOutcome } from '../scoring-service.ts';
import type { WireDescribeResponse, WireRecord, WireScoreRequest, WireScoreResponse, WireValue } from './contract.ts';

/** A received message, or why its bytes are none; decoding must not throw inside grpc-js, which would say INTERNAL. */
export type Received<T> = { readonly message: T } | { readonly fault: AristarchError };

/** The deserialiser of a method: what proto-loader decodes, or the fault `INVALID_INPUT`. */
export function receive<T>(decode: (bytes: Buffer) => T, type: string): (bytes: Buffer) => Received<T> {
  return (bytes) => {
    try {
      return { message: decode(bytes) };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return { fault: new AristarchError('INVALID_INPUT', `the message is no valid ${type}: ${why}`, { type }, cause) };
    }
  };
}

export function openReceived<T>(received: Received<T>): T {
  if ('fault' in received) throw received.fault;
  return received.message;
}

export interface FromScoreRequest {
  readonly requestId: string;
  readonly job: Omit<ScoreJob, 'transport'>;
}

/** The one way from a request's message to a job; a faster decoder of packed rows replaces this and `receive`. */
export function fromScoreRequest(request: WireScoreRequest): FromScoreRequest {
  const { requestId, model, falsePositiveRate } = request;
  const job = { model, ...fromRows(request), ...(falsePositiveRate !== undefined && { falsePositiveRate }) };
  return { requestId, job };
}

function fromRows(request: WireScoreRequest): Pick<ScoreJob, 'rows' | 'width'> {
  if (request.records) return { rows: request.records.records.map(fromRecord) };
  if (request.dense) return { rows: Float32Array.from(request.dense.values), width: request.dense.width };
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
};

function fromValue(value: WireValue): unknown {
  return value.kind === undefined ? null : VALUES[value.kind](value);
}

export function toScoreResponse({ batch, model, modelVersion }: ScoreOutcome, requestId: string): WireScoreResponse {
  const { scores, pValues, verdicts, threshold, falsePositiveRate } = batch;
  const results = Array.from(scores, (score, row) => ({
    score,
    pValue: pValues[row]!,
    anomalous: verdicts[row] === 1,
  }));
  return { results, threshold, falsePositiveRate, model, modelVersion, requestId };
}

export function toDescribeResponse(model: DetectorDescription): WireDescribeResponse {
  return {
    model: model.name,
    modelVersion: model.version,
    family: model.family,
    fields: model.schema.fields.map((field) => ({
      name: field.name,
      kind: field.kind,
      missing: field.missing,
      levels: field.kind === 'category' ? field.levels : [],
    })),
    slots: model.slotNames,
    falsePositiveRate: model.falsePositiveRate,
    smallestFalsePositiveRate: model.calibration.smallestFalsePositiveRate,
    calibrationCount: model.calibration.count,
    calibrationMethod: model.calibration.method,
    device: model.device,
    trainedAt: model.trainedAt,
    trainingRows: model.trainingRows,
  };
}
