import { setImmediate as nextTurn } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../base/errors.ts';
import { encodeRecords } from '../models/features/encode.ts';
import type { DetectorDescription, RawRecord } from '../scoring/detector.ts';
import { conditionSchema } from '../scoring/sample-conditions.ts';
import type { SampleOptions, Sampler, SamplerDescription } from '../scoring/sampler.ts';
import type { Metrics } from './metrics.ts';

/** What a caller asks for: rows of a seed's endless sequence. */
export interface SampleJob {
  /** Name of the model; empty for the served one. */
  readonly model: string;
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

/** Some of the rows, in order. */
export interface SampledRows {
  readonly records: readonly RawRecord[];
  readonly firstRow: number;
  readonly model: string;
  readonly modelVersion: string;
}

export interface SamplingServiceParts {
  /** Opens the served model's generator: at the first request, for most servers are never asked. */
  readonly open: () => Promise<Sampler>;
  /** The served model; throws `NOT_FOUND` for any other name. */
  readonly describe: (model: string) => DetectorDescription;
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
  #opening: Promise<Sampler> | undefined;

  constructor(parts: SamplingServiceParts) {
    this.#parts = parts;
  }

  /**
   * The rows of the job that `parse` answers, piece by piece: the next piece is made when the one before it was taken. Calls
   * `checkAlive` before each. Throws `NOT_FOUND` for a model that is not served, `PRECONDITION_FAILED` for one without a
   * generator, `RESOURCE_EXHAUSTED` for too many rows, `INVALID_INPUT` and `SCHEMA_MISMATCH` for what `Sampler.sample` refuses.
   */
  async *sample(parse: () => SampleJob, checkAlive: () => void): AsyncGenerator<SampledRows> {
    const { metrics } = this.#parts;
    // A caller that leaves ends the generator where it waits, without an error.
    let code: string = 'CANCELLED';
    metrics.samplesInFlight.inc();
    try {
      yield* this.#makeRows(parse(), checkAlive);
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

  async close(): Promise<void> {
    const sampler = await this.#opening?.catch(() => undefined);
    await sampler?.close();
  }

  async *#makeRows(job: SampleJob, checkAlive: () => void): AsyncGenerator<SampledRows> {
    const served = this.#parts.describe(job.model);
    const count = this.#checkCount(job);
    checkAlive();
    const sampler = await this.#open(served);
    const { rowWidth, schema } = sampler.description;
    const piece = Math.max(1, Math.floor(PIECE_VALUES / schema.fields.length)) * rowWidth;
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

  /** When opening fails, the next request tries again. */
  #open(served: DetectorDescription): Promise<Sampler> {
    this.#opening ??= openVersion(served, this.#parts.open).catch((thrown: unknown) => {
      this.#opening = undefined;
      throw thrown;
    });
    return this.#opening;
  }
}

/** The folder may hold a newer model by now than the one that scores. */
async function openVersion({ name, version }: DetectorDescription, open: () => Promise<Sampler>): Promise<Sampler> {
  const sampler = await open();
  const { version: found } = sampler.description;
  if (found === version) return sampler;
  await sampler.close();
  const message = `this server has version ${version} of "${name}", and its folder now holds ${found}: start the server anew to sample from it`;
  throw new AristarchError('PRECONDITION_FAILED', message, { model: name, served: version, found });
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
