import { AristarchError, toAristarchError, type ErrorCode } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import { mayPass } from './entry.ts';
import type { ModelChoice, Models, OpenModel } from './port.ts';

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

/** Which model judges which records, in whole or in part; the models stay open until `release`. */
export interface RoutedRecords {
  readonly parts: readonly RoutedPart[];
  readonly refused: readonly { readonly place: number; readonly reason: AristarchError }[];
  readonly release: () => void;
}

/**
 * Faults of a record's model by which the records of others are not held up: it is not there, or will not serve before somebody changes it.
 * Any other passes and is waited for, as that of a model that was unloaded or that cannot be read at present does (`mayPass`).
 */
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
 * Finds the model of each record, each model once, and one after the other: whoever releases one before it asks for the next holds
 * one at a time, however many the records name. Records whose model there is not, or which cannot be served, are refused one by
 * one; throws where a model that there is cannot be had at present.
 */
export async function* routeByField(
  models: Pick<Models, 'acquire'>,
  records: readonly RawRecord[],
  field: string,
): AsyncGenerator<RoutedRecords> {
  const { groups, refused } = groupByModel(records, field);
  if (refused.length > 0) yield { parts: [], refused, release: () => undefined };
  for (const [model, places] of groups) yield await acquireFor(models, model, places);
}

interface Grouped {
  /** Places of the records that name a model; '' for the default one. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
  readonly refused: RoutedRecords['refused'];
}

function groupByModel(records: readonly RawRecord[], field: string): Grouped {
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
  return { groups, refused };
}

async function acquireFor(
  models: Pick<Models, 'acquire'>,
  name: string,
  places: readonly number[],
): Promise<RoutedRecords> {
  try {
    const { model, release } = await models.acquire({ model: name });
    return { parts: [{ model, places }], refused: [], release };
  } catch (thrown) {
    const reason = toAristarchError(thrown);
    if (!FAULTS_OF_A_MODEL.has(reason.code) || mayPass(reason)) throw reason;
    return { parts: [], refused: places.map((place) => ({ place, reason })), release: () => undefined };
  }
}

/** The one model that all records of a request name. Throws `INVALID_INPUT` where they name several. */
export function commonChoice(records: readonly RawRecord[], field: string): ModelChoice {
  const choices = new Set(records.map((record) => choiceOf(record, field).model));
  if (choices.size <= 1) return { model: [...choices][0] };
  const message = `field "${field}" names the model, and the records of this request name ${choices.size}: send a request for each`;
  throw new AristarchError('INVALID_INPUT', message, { field, models: choices.size });
}
