import { AristarchError, toAristarchError, type ErrorCode } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { Lease, ModelChoice, Models, OpenModel } from './port.ts';

/** Records that one model judges. */
export interface RoutedPart {
  readonly model: OpenModel;
  /** Of its records, among those that were asked for, ascending. */
  readonly places: readonly number[];
  /** Who judges the records that the model fails at, where that is one on trial; told of the failure. */
  readonly instead?: {
    readonly model: OpenModel;
    readonly because: (error: AristarchError) => void;
    /** What is asked of the model is asked by this. */
    readonly attempt: Attempt;
  };
  /** Told what the model made of its records. */
  readonly onScored?: (records: readonly RawRecord[], batch: ScoreBatch) => void;
}

/** Throws `DEADLINE_EXCEEDED` once a model on trial has had its time, of which `checkAlive` tells the work. */
export type Attempt = <T>(work: (checkAlive: () => void) => Promise<T>) => Promise<T>;

/** Which model judges which records; the models stay open until `release`. */
export interface RoutedRecords {
  readonly parts: readonly RoutedPart[];
  readonly refused: readonly { readonly place: number; readonly reason: AristarchError }[];
  readonly release: () => void;
}

/** Faults of a record's model by which the records of others are not held up; any other says that nothing works at present. */
const FAULTS_OF_A_MODEL: ReadonlySet<ErrorCode> = new Set([
  'INVALID_INPUT',
  'SCHEMA_MISMATCH',
  'NOT_FOUND',
  'ARTEFACT_INVALID',
  'RATE_UNSUPPORTED',
  'PRECONDITION_FAILED',
]);

/**
 * The model that a record's field names (a tenant, a machine type); the default one where the value is missing. Throws
 * `INVALID_INPUT` for a value that is no name; what is no model of ours shows when it is looked for.
 */
export function choiceOf(record: RawRecord, field: string): ModelChoice {
  const value = Object.hasOwn(record, field) ? record[field] : undefined;
  if (value === undefined || value === null) return {};
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return { model: String(value) };
  const message = `field "${field}" names the record's model and is a ${typeof value}: send the model's name as a text`;
  throw new AristarchError('INVALID_INPUT', message, { field });
}

/**
 * Finds the model of each record, each model once. Records whose model there is not, or which cannot be served, are refused one by
 * one; throws where a model cannot be had at present, and then nothing is held.
 */
export async function routeByField(
  models: Pick<Models, 'acquire'>,
  records: readonly RawRecord[],
  field: string,
): Promise<RoutedRecords> {
  const groups = new Map<string, number[]>();
  const refused: { place: number; reason: AristarchError }[] = [];
  for (const [place, record] of records.entries()) {
    try {
      const { model = '' } = choiceOf(record, field);
      const places = groups.get(model) ?? [];
      places.push(place);
      groups.set(model, places);
    } catch (thrown) {
      refused.push({ place, reason: toAristarchError(thrown) });
    }
  }
  const leases: Lease[] = [];
  const parts: { model: OpenModel; places: readonly number[] }[] = [];
  const release = (): void => {
    for (const lease of leases) lease.release();
  };
  for (const [model, places] of groups) {
    try {
      const lease = await models.acquire({ model });
      leases.push(lease);
      parts.push({ model: lease.model, places });
    } catch (thrown) {
      const reason = toAristarchError(thrown);
      if (FAULTS_OF_A_MODEL.has(reason.code)) refused.push(...places.map((place) => ({ place, reason })));
      else {
        release();
        throw reason;
      }
    }
  }
  return { parts, refused, release };
}

/** The one model that all records of a request name. Throws `INVALID_INPUT` where they name several. */
export function commonChoice(records: readonly RawRecord[], field: string): ModelChoice {
  const choices = new Set(records.map((record) => choiceOf(record, field).model));
  if (choices.size <= 1) return { model: [...choices][0] };
  const message = `field "${field}" names the model, and the records of this request name ${choices.size}: send a request for each`;
  throw new AristarchError('INVALID_INPUT', message, { field, models: choices.size });
}
