import { setImmediate as nextTurn } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../base/errors.ts';
import { encodeRecords } from '../models/features/encode.ts';
import type { RawRecord } from '../scoring/detector.ts';
import { conditionSchema } from '../scoring/sample-conditions.ts';
import type { SampleOptions, SamplerDescription } from '../scoring/sampler.ts';
import type { Metrics } from './metrics.ts';
import type { Models, OpenModel } from './models/port.ts';

/** What a caller asks for: rows of a seed's endless sequence. */
export interface SampleJob {
  /** Name of the model; empty for the default one. */
  readonly model: string;
  /** Its version; empty for the one that is served. */
  readonly modelVersion: string;
  /** 0 for as many as there are condition rows. */
  readonly count: number;
  /** 1 when absent, as for `aristarch sample`. */
  readonly seed?: number;
  readonly firstRow: number;
  /** Conditions of all rows. */
  readonly condition?: RawRecord;
  /** Or conditions of each row, from the start again where there are fewer than `count`. */
  readonly conditionRows?: readonly RawRecord[];
}

/** What making rows may know of its caller. */
export interface SampleCaller {
  /** Throws when nobody waits for the rows any longer. */
  readonly checkAlive: () => void;
  /** Takes so many rows from what the caller may have at present; throws `RESOURCE_EXHAUSTED` where that is nothing. */
  readonly countRows: (rows: number) => void;
}

/** Some of the rows, in order. */
export interface SampledRows {
  readonly records: readonly RawRecord[];
  readonly firstRow: number;
  readonly model: string;
  readonly modelVersion: string;
}

export interface SamplingServiceParts {
  readonly models: Pick<Models, 'acquire'>;
  readonly metrics: Pick<Metrics, 'samples' | 'samplesInFlight' | 'rowsSampled'>;
  /** Most rows of one request. */
  readonly maxRows: number;
}

const DEFAULT_SEED = 1;
/** Values in one piece: some hundred kilobytes on the wire, well below the 4 MiB that gRPC clients take by default. */
const PIECE_VALUES = 8192;

/** Makes rows up for whoever asks, without any transport. Every failure is an `AristarchError`. */
export class SamplingService {
  readonly #parts: SamplingServiceParts;

  constructor(parts: SamplingServiceParts) {
    this.#parts = parts;
  }

  /**
   * The rows of the job that `parse` answers, piece by piece: the next piece is made when the one before it was taken. Calls
   * `checkAlive` before each, and counts all rows, once it is known that there may be so many, before the first. Throws `NOT_FOUND` for a model that is not served, `PRECONDITION_FAILED` for one without a
   * generator, `RESOURCE_EXHAUSTED` for too many rows, `INVALID_INPUT` and `SCHEMA_MISMATCH` for what `Sampler.sample` refuses.
   */
  async *sample(parse: () => SampleJob, caller: SampleCaller): AsyncGenerator<SampledRows> {
    const { metrics } = this.#parts;
    // A caller that leaves ends the generator where it waits, without an error.
    let code: string = 'CANCELLED';
    metrics.samplesInFlight.inc();
    try {
      yield* this.#makeRows(parse(), caller);
      code = 'OK';
    } catch (thrown) {
      const error = toAristarchError(thrown);
      code = error.code;
      throw error;
    } finally {
      metrics.samplesInFlight.dec();
      metrics.samples.inc({ code });
    }
  }

  async *#makeRows(job: SampleJob, caller: SampleCaller): AsyncGenerator<SampledRows> {
    const { model, release } = await this.#parts.models.acquire({ model: job.model, version: job.modelVersion });
    try {
      yield* this.#makeRowsBy(model, job, caller);
    } finally {
      release();
    }
  }

  async *#makeRowsBy(
    { description: served, openSampler }: OpenModel,
    job: SampleJob,
    { checkAlive, countRows }: SampleCaller,
  ): AsyncGenerator<SampledRows> {
    const count = this.#checkCount(job);
    checkAlive();
    countRows(count);
    const sampler = await openSampler();
    const { rowWidth, schema } = sampler.description;
    const piece = Math.max(1, Math.floor(PIECE_VALUES / (schema.image ? rowWidth : schema.fields.length))) * rowWidth;
    let { firstRow } = job;
    for await (const rows of sampler.sample(count, toOptions(sampler.description, job))) {
      for (let at = 0; at < rows.length; at += piece) {
        checkAlive();
        const records = sampler.decode(rows.subarray(at, at + piece));
        yield { records, firstRow, model: served.name, modelVersion: served.version };
        firstRow += records.length;
        this.#parts.metrics.rowsSampled.inc(records.length);
        // Making rows blocks the event loop; in between the others get a turn, and a cancellation can arrive.
        await nextTurn();
      }
    }
  }

  #checkCount({ count, conditionRows }: SampleJob): number {
    if (conditionRows?.length === 0) throw noConditionRows();
    const rows = count === 0 ? (conditionRows?.length ?? 0) : count;
    if (rows === 0) throw new AristarchError('INVALID_INPUT', 'count is 0: ask for at least one row');
    const { maxRows } = this.#parts;
    if (rows <= maxRows) return rows;
    throw new AristarchError(
      'RESOURCE_EXHAUSTED',
      `the request wants ${rows} rows and the limit is ${maxRows}; ask for the others by first_row, or raise --max-sample-rows`,
      { rows, maxRows },
    );
  }
}

/** Conditions as the sampler wants them. */
function toOptions(
  { name, schema }: SamplerDescription,
  { seed = DEFAULT_SEED, firstRow, condition, conditionRows }: SampleJob,
): SampleOptions {
  if (conditionRows === undefined) return { seed, firstRow, ...(condition && { condition }) };
  const own = conditionSchema(schema);
  if (own.fields.length > 0) return { seed, firstRow, conditionRows: endlessly(encodeRecords(own, conditionRows)) };
  const message = `condition_rows are of no use: "${name}" was trained without conditions (train --condition)`;
  throw new AristarchError('INVALID_INPUT', message, { model: name });
}

async function* endlessly(rows: Float32Array): AsyncGenerator<Float32Array> {
  for (;;) yield await Promise.resolve(rows);
}

function noConditionRows(): AristarchError {
  return new AristarchError('INVALID_INPUT', 'condition_rows has no records: give at least one, or leave it out');
}
