import { AristarchError, toAristarchError } from '../base/errors.ts';
import type {
  Detector,
  DetectorDescription,
  Explanation,
  Priority,
  RawRecord,
  ScoreBatch,
} from '../scoring/detector.ts';
import { type Afterwards, atOnce } from './afterwards.ts';
import type { Candidates } from './candidates/candidates.ts';
import type { Clock } from './clock.ts';
import { countRows, packedRecord } from './job-rows.ts';
import type { Metrics, Transport } from './metrics.ts';
import { commonChoice, routeByField, type RoutedRecords } from './models/by-key.ts';
import type { Lease, ModelChoice, Models, OpenModel } from './models/port.ts';
import { observeDrift } from './observe-drift.ts';
import type { RecentScores } from './recent-scores.ts';
import { scoreInParts } from './score-in-parts.ts';
import type { WorkSpan } from './tracing/port.ts';

/** What a transport asks for: rows to score, and under which conditions. */
export interface ScoreJob {
  readonly transport: Transport;
  /** Named records, or raw rows packed one after the other in the order of the model's slots. */
  readonly rows: readonly RawRecord[] | Float32Array;
  /** Width that the sender says packed rows have; must be the model's. */
  readonly width?: number | undefined;
  /** The record that a packed row was made of, where the transport encoded them itself; shown on the live page. */
  readonly recordAt?: (row: number) => RawRecord;
  /** Name of the model; absent or empty for the default one. */
  readonly model?: string | undefined;
  /** Its version; absent or empty for the one that is served. */
  readonly modelVersion?: string | undefined;
  /** Share of normal rows that may be flagged, in (0, 1). */
  readonly falsePositiveRate?: number | undefined;
  /** Most fields that the explanation of each row names; absent for no explanations. */
  readonly explainTopK?: number | undefined;
  /** Throws `DEADLINE_EXCEEDED` or `CANCELLED` when nobody waits any longer; asked before the work and between parts of it. */
  readonly checkAlive?: (() => void) | undefined;
  /** What the sender says the rows belong to (a customer, a machine): what bears one key is judged by one side of a trial. */
  readonly key?: string | undefined;
  /** Rows that do not come again, ascending; all when absent. Drift does not hear of the others twice. */
  readonly newRows?: readonly number[] | undefined;
  /** Done before the rows count as scored: where it throws, they do not. */
  readonly finish?: (batch: ScoreBatch) => Promise<void>;
  /** The trace that the caller is in, for exemplars. */
  readonly traceId?: string | undefined;
  /** The span that the work is a part of, where it is traced. */
  readonly span?: WorkSpan | undefined;
  /** By a version on trial, which others besides must not be taken for: neither drift nor the live page hears of it. */
  readonly isTrial?: boolean | undefined;
  /** Who goes first where jobs wait; normal when absent. */
  readonly priority?: Priority | undefined;
  /** Time on the wall clock, in milliseconds, by which the answer is wanted: what would be late is refused at once. */
  readonly deadlineMs?: number | undefined;
  /** Is given what nobody who waits for the answer needs; done at once when absent. */
  readonly afterwards?: Afterwards | undefined;
}

export interface ScoreOutcome {
  readonly batch: ScoreBatch;
  /** Of each row, where the job asked for them. */
  readonly explanations?: readonly Explanation[] | undefined;
  readonly model: string;
  readonly modelVersion: string;
}

export interface ScoringLimits {
  /** Most rows in one request. */
  readonly maxRows: number;
  /** Most rows in a request that asks for explanations; 256 when absent. */
  readonly maxExplainRows?: number | undefined;
  /** Rate of requests that state none; the model's own when absent. */
  readonly falsePositiveRate?: number | undefined;
}

export interface ScoringServiceParts {
  readonly models: Models;
  /** What is tried beside models; nothing when absent. */
  readonly candidates?: Candidates | undefined;
  /** Field of a record that names its model, where the request names none. */
  readonly modelField?: string | undefined;
  readonly metrics: Metrics;
  /** Told what the default model scored. */
  readonly recent: RecentScores;
  readonly clock: Clock;
  readonly limits: ScoringLimits;
}

/** A few seconds of work. */
const MOST_EXPLAINED = 256;

/**
 * What the server does, without any transport: checks a job, scores it, counts it, and publishes it to the live page.
 * gRPC and Kafka are thin adapters around this class. Every failure is an `AristarchError`.
 */
export class ScoringService {
  readonly #parts: ScoringServiceParts;

  constructor(parts: ScoringServiceParts) {
    this.#parts = parts;
  }

  /** The model that answers to a choice, opened where it is not open yet. Throws what `Models.acquire` does. */
  async find(choice: ModelChoice = {}): Promise<OpenModel> {
    const { model, release } = await this.#parts.models.acquire(choice);
    release();
    return model;
  }

  /** The same, to be used until it is released, by a transport that looks at its records before it scores them. */
  acquire(choice: ModelChoice = {}): Lease | Promise<Lease> {
    return this.#parts.models.acquire(choice);
  }

  /** Turns a message into a job; a message that is none is counted as a refused request of its transport. */
  admit<T>(transport: Transport, parse: () => T): T {
    try {
      return parse();
    } catch (thrown) {
      const error = toAristarchError(thrown);
      this.#parts.metrics.requests.inc({ transport, code: error.code });
      throw error;
    }
  }

  /** Scores a job by the model of its choice; the result has one score for each row, in order. */
  score(job: ScoreJob): Promise<ScoreOutcome> {
    return this.#count(job, async () => {
      const choice = this.#choiceOf(job);
      const lease = await this.acquire(choice);
      const isAny = choice.version === undefined || choice.version === '';
      const { candidates } = this.#parts;
      const candidate = isAny ? candidates?.of(lease.model) : undefined;
      if (candidate !== undefined)
        return candidates!.answer(lease, candidate, job, (model, own) => this.#scoreBy(model, own));
      try {
        return await this.#scoreBy(lease.model, job);
      } finally {
        lease.release();
      }
    });
  }

  /**
   * The models of records that come without a request around them, as events do, one after the other: each is released before the
   * next is asked for. `keyOf`: the key that the sender gave a record, or what else is its own for good. Throws what `routeByField` does.
   */
  async *route(records: readonly RawRecord[], keyOf: (place: number) => string): AsyncGenerator<RoutedRecords> {
    const { candidates } = this.#parts;
    for await (const routed of this.#route(records))
      yield candidates === undefined ? routed : await candidates.split(routed, records, keyOf);
  }

  /** The model that judges events whatever is in them; undefined where a field or a trial decides, which `route` looks into. */
  async acquireForAll(): Promise<Lease | undefined> {
    const { models, modelField, candidates } = this.#parts;
    if (modelField !== undefined) return undefined;
    const lease = await models.acquire({});
    if (candidates?.of(lease.model) === undefined) return lease;
    lease.release();
    return undefined;
  }

  async *#route(records: readonly RawRecord[]): AsyncGenerator<RoutedRecords> {
    const { models, modelField } = this.#parts;
    if (modelField !== undefined) {
      yield* routeByField(models, records, modelField);
      return;
    }
    const { model, release } = await models.acquire({});
    yield { parts: [{ model, places: [...records.keys()] }], refused: [], release };
  }

  #choiceOf({ model, modelVersion: version, rows }: ScoreJob): ModelChoice {
    const { modelField } = this.#parts;
    const isNamed = model !== undefined && model !== '';
    if (isNamed || modelField === undefined || rows instanceof Float32Array) return { model, version };
    return { ...commonChoice(rows, modelField), version };
  }

  /** Scores a job by a model that was acquired before, whatever the job's choice is. */
  scoreBy(model: OpenModel, job: ScoreJob): Promise<ScoreOutcome> {
    return this.#count(job, () => this.#scoreBy(model, job));
  }

  /** What a version on trial fails at is answered by the one that serves: its attempt is no request of anybody. */
  async #count({ transport, traceId, isTrial }: ScoreJob, work: () => Promise<ScoreOutcome>): Promise<ScoreOutcome> {
    const { metrics, clock } = this.#parts;
    const startedMs = clock.monotonicMs();
    let code: string = 'OK';
    // An attempt that hangs would be counted for ever.
    if (isTrial !== true) metrics.requestsInFlight.inc({ transport });
    try {
      return await work();
    } catch (thrown) {
      const error = toAristarchError(thrown);
      code = error.code;
      throw error;
    } finally {
      if (isTrial !== true) metrics.requestsInFlight.dec({ transport });
      if (code === 'OK' || isTrial !== true) metrics.requests.inc({ transport, code });
      if (code === 'OK')
        metrics.scoreSeconds.observe((clock.monotonicMs() - startedMs) / 1000, transport, traceId ?? metrics.traceId());
    }
  }

  async #scoreBy(model: OpenModel, job: ScoreJob): Promise<ScoreOutcome> {
    this.#check(model, job);
    const { detector, description } = model;
    const { batch, rows } = await this.#score(model, job);
    const explanations =
      job.explainTopK === undefined ? undefined : await this.#explain(detector, job, job.explainTopK);
    await job.finish?.(batch);
    // What has come too late is nobody's answer.
    job.checkAlive?.();
    const { afterwards = atOnce } = job;
    afterwards(() => {
      if (job.isTrial !== true) observeDrift(model, job, rows, batch);
      this.#publish(model, job, batch);
    });
    return { batch, explanations, model: description.name, modelVersion: description.version };
  }

  #explain(detector: Detector, { rows, checkAlive, span }: ScoreJob, topK: number): Promise<readonly Explanation[]> {
    const explain = () => detector.explain(rows, { topK, ...(checkAlive && { checkAlive }) });
    return this.#parts.metrics.stages.timeAsync('explain', explain, span);
  }

  #check({ detector, description }: OpenModel, job: ScoreJob): void {
    // Refuses an impossible rate before any row is looked at.
    if (job.falsePositiveRate !== undefined) detector.thresholdAt(job.falsePositiveRate);
    const rows = countRows(description, job);
    const { maxRows } = this.#parts.limits;
    if (rows === 0) throw new AristarchError('INVALID_INPUT', 'the request has no rows; send at least one');
    if (rows > maxRows) {
      throw new AristarchError(
        'RESOURCE_EXHAUSTED',
        `the request has ${rows} rows and the limit is ${maxRows}; send smaller requests, or raise --max-rows`,
        { rows, maxRows },
      );
    }
    const { maxExplainRows = MOST_EXPLAINED } = this.#parts.limits;
    if (job.explainTopK !== undefined && rows > maxExplainRows) {
      throw new AristarchError(
        'RESOURCE_EXHAUSTED',
        `the request wants explanations of ${rows} rows and the limit is ${maxExplainRows}; ask for explanations of ` +
          'the anomalous ones only, in smaller requests, or raise --max-explain-rows',
        { rows, maxExplainRows },
      );
    }
    if (job.isTrial !== true) this.#parts.metrics.requestRows.observe(rows, job.transport);
    job.span?.describe({ ...factsOf(description), 'aristarch.rows': rows });
  }

  async #score({ detector }: OpenModel, job: ScoreJob): Promise<{ batch: ScoreBatch; rows: Float32Array }> {
    const { checkAlive, priority, deadlineMs, span, isTrial } = job;
    checkAlive?.();
    const { stages } = this.#parts.metrics;
    const sent = job.rows;
    const encode = (records: readonly RawRecord[]): Float32Array =>
      stages.time('rows', () => detector.encode(records), span);
    const falsePositiveRate = job.falsePositiveRate ?? this.#parts.limits.falsePositiveRate;
    const options = { falsePositiveRate, priority, deadlineMs, checkAlive, isTrial, onStage: span?.stage };
    if (detector.description.schema.image && !(sent instanceof Float32Array)) {
      // Their rows are not kept: drift of images is not watched.
      return { batch: await scoreInParts(detector, sent, options, encode), rows: new Float32Array(0) };
    }
    const rows = sent instanceof Float32Array ? sent : encode(sent);
    return { batch: await detector.score(rows, options), rows };
  }

  #publish(model: OpenModel, job: ScoreJob, batch: ScoreBatch): void {
    const { metrics, recent, clock, models } = this.#parts;
    const { transport, isTrial } = job;
    if (isTrial === true) metrics.requestRows.observe(batch.scores.length, transport);
    let flagged = 0;
    for (const verdict of batch.verdicts) flagged += verdict;
    metrics.rowsScored.inc({ transport }, batch.scores.length);
    metrics.rowsFlagged.inc({ transport }, flagged);
    metrics.pValues.observeAll(batch.pValues);
    // The live page shows one model: scores of another, or of another version, have another scale.
    if (job.isTrial === true || !models.isDefault(model)) return;
    metrics.scores.observeAll(batch.scores);
    const { rows } = job;
    const { slotNames } = model.detector.description;
    const recordAt = (row: number): RawRecord =>
      rows instanceof Float32Array ? (job.recordAt?.(row) ?? packedRecord(rows, row, slotNames)) : rows[row]!;
    recent.publish({ transport, atMs: clock.wallMs(), batch, recordAt });
  }
}

/** The model, for whoever follows a trace. */
function factsOf({ name, version }: DetectorDescription): Record<string, string> {
  return { 'aristarch.model.name': name, 'aristarch.model.version': version };
}
