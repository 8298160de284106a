import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { CandidateMetrics } from '../metrics/candidates.ts';
import type { Clock } from '../clock.ts';
import type { Attempt, RoutedRecords } from '../models/by-key.ts';
import type { Candidate, Lease, Models, OpenModel } from '../models/port.ts';
import type { CandidateRule } from '../models/serving-rules.ts';
import type { ScoreJob, ScoreOutcome } from '../scoring-service.ts';
import { type Answer, checkSameLayout, compareRows, otherOf, type Pair, pickAnswered } from './compare.ts';
import { inTime } from './in-time.ts';
import { CandidateOpenings } from './opening.ts';
import { type OffPathLimits, OffPathQueue } from './off-path.ts';
import { createPositions, keyOfRecord, type Part, partAt, positionOf } from './position.ts';
import type { RecordRows } from './row-log.ts';
import { shareRelease, type SharedRelease } from './shared-release.ts';
import { Silence } from './silence.ts';

export interface CandidatesParts {
  readonly models: Pick<Models, 'candidateOf'>;
  readonly metrics: CandidateMetrics;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly limits: OffPathLimits;
  /** Most time that a candidate has for an answer, whatever its caller grants, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of the rows that both have scored. */
  readonly record: RecordRows;
}

/** Of the time that is left to answer in, what a candidate has; then the version that serves is asked. */
const SHARE_OF_THE_TIME = 0.5;

type Score = (model: OpenModel, job: ScoreJob) => Promise<ScoreOutcome>;

/**
 * The versions that are tried beside those that serve (docs/models.md). A candidate answers its share of the requests, and the other
 * of the two scores them once more when there is time; where it fails, the version that serves answers. One that is silent is not
 * waited for again before it has scored something that nobody waits for. Each record has one answer, whatever becomes of the candidate.
 */
export class Candidates {
  readonly #parts: CandidatesParts;
  readonly #queue: OffPathQueue;
  readonly #openings: CandidateOpenings;
  readonly #silence: Silence;
  readonly #nextPosition = createPositions();

  constructor(parts: CandidatesParts) {
    this.#parts = parts;
    this.#queue = new OffPathQueue(parts.limits, parts.clock);
    this.#openings = new CandidateOpenings(parts.clock);
    this.#silence = new Silence(parts.clock, parts.timeoutMs);
  }

  /** Undefined where nothing stands beside a model, or has no share in its records. */
  of(model: OpenModel): Candidate | undefined {
    const candidate = this.#parts.models.candidateOf(model);
    return candidate && candidate.rule.canary + candidate.rule.shadow > 0 ? candidate : undefined;
  }

  /** Answers a job by the candidate or by the model that serves, whose lease it releases. Throws what the latter throws. */
  async answer(serving: Lease, candidate: Candidate, job: ScoreJob, score: Score): Promise<ScoreOutcome> {
    const held = shareRelease(serving.release);
    const done = [held.use()];
    try {
      const other = this.#openings.peek(candidate, this.#failed(serving.model));
      if (other === undefined) return await score(serving.model, job);
      const both = shareRelease(other.release);
      done.push(both.use());
      const pair = toPair(serving.model, other.model);
      const { isCanary, shadowed, keyAt } = this.#partsOf(pair, candidate.rule, job);
      const isMuted = isCanary && this.#isMuted(pair);
      const { outcome, by } = await this.#answerBy(pair, isCanary && !isMuted, job, score);
      const rows = by === 'candidate' || isMuted ? [...outcome.batch.scores.keys()] : shadowed;
      const answered = { rows: job.rows, keyAt, batch: outcome.batch, by };
      this.#compareLater(pair, answered, rows, [held, both]);
      return outcome;
    } finally {
      for (const release of done) release();
    }
  }

  /**
   * Gives the candidates their share of records that come without a request around them. A candidate's records have the model that
   * serves as well, for those that the candidate fails at. `keyOf`: the sender's own key, by the record's place.
   */
  async split(
    routed: RoutedRecords,
    records: readonly RawRecord[],
    keyOf: (place: number) => string,
  ): Promise<RoutedRecords> {
    const held = shareRelease(routed.release);
    const done = [held.use()];
    const parts: RoutedRecords['parts'][number][] = [];
    for (const part of routed.parts) {
      const candidate = this.of(part.model);
      const sides = candidate && this.#sidesOf(part, candidate.rule, records, keyOf);
      const other = candidate && sides && (await this.#openFor(part.model, candidate, sides));
      if (sides === undefined || other === undefined) parts.push(part);
      else {
        const both = shareRelease(other.release);
        done.push(both.use());
        parts.push(...this.#splitPart(sides, toPair(part.model, other.model), [held, both]));
      }
    }
    return { parts, refused: routed.refused, release: () => done.forEach((release) => release()) };
  }

  /** Rows that still wait to be scored by both are left. */
  stop(): void {
    this.#queue.stop();
  }

  #sidesOf(
    { model, places }: RoutedRecords['parts'][number],
    rule: CandidateRule,
    records: readonly RawRecord[],
    keyOf: (place: number) => string,
  ): Sides {
    const { name } = model.description;
    const keys = new Map(
      places.map((place) => [records[place]!, keyOfRecord(records[place]!, rule.key) ?? keyOf(place)]),
    );
    const partOf = (record: RawRecord) => partAt(positionOf(name, keys.get(record)!), rule);
    const isCanary = (place: number): boolean => partOf(records[place]!) === 'canary';
    const canary = places.filter(isCanary);
    return { keys, partOf, all: places, canary, rest: places.filter((place) => !isCanary(place)) };
  }

  /** Which of the two answers an event must not hang on how long opening one takes, within bounds; nobody waits for a second score. */
  #openFor(
    serving: OpenModel,
    candidate: Candidate,
    { canary }: Sides,
  ): Lease | undefined | Promise<Lease | undefined> {
    const failed = this.#failed(serving);
    return canary.length > 0 ? this.#openings.wait(candidate, failed) : this.#openings.peek(candidate, failed);
  }

  #splitPart(
    { keys, partOf, all, canary, rest }: Sides,
    pair: Pair,
    leases: readonly SharedRelease[],
  ): RoutedRecords['parts'][number][] {
    const later =
      (by: Answer['by']) =>
      (rows: readonly RawRecord[], batch: ScoreBatch): void => {
        if (by === 'candidate') this.#parts.metrics.answered.inc({ model: pair.model }, rows.length);
        const compared = [...rows.keys()].filter((row) => by === 'candidate' || partOf(rows[row]!) !== 'serving');
        const answered = { rows, keyAt: (row: number) => keys.get(rows[row]!), batch, by };
        this.#compareLater(pair, answered, compared, leases);
      };
    const isMuted = canary.length > 0 && this.#isMuted(pair);
    if (isMuted) return [{ model: pair.serving, places: all, onScored: later('serving') }];
    const attempt: Attempt = (work) =>
      inTime(this.#parts.timeoutMs, (checkAlive) => this.#silence.hear(pair.candidate, () => work(checkAlive)));
    return [
      { model: pair.serving, places: rest, onScored: later('serving') },
      {
        ...{ model: pair.candidate, places: canary, onScored: later('candidate') },
        instead: { model: pair.serving, because: this.#failed(pair.serving), attempt },
      },
    ].filter((part) => part.places.length > 0);
  }

  /** Whether the candidate is not to be waited for, which is counted as its failure. */
  #isMuted({ serving, candidate }: Pair): boolean {
    const isSilent = this.#silence.of(candidate);
    if (isSilent) this.#failed(serving)(new AristarchError('DEADLINE_EXCEEDED', 'the candidate is silent'));
    return isSilent;
  }

  #failed({ description: { name: model } }: OpenModel): (error: AristarchError) => void {
    return ({ code }) => this.#parts.metrics.failures.inc({ model, code });
  }

  /** Where the rows of a job fall. A job has one answer, so that it goes to the candidate only where all of them do. */
  #partsOf({ model, serving }: Pair, rule: CandidateRule, { rows, key }: ScoreJob) {
    const named = rows instanceof Float32Array ? undefined : rows;
    const count = named?.length ?? Math.ceil((rows as Float32Array).length / serving.description.rowWidth);
    const keyAt = (row: number): string | undefined => key ?? (named && keyOfRecord(named[row]!, rule.key));
    const own = key === undefined ? this.#nextPosition() : positionOf(model, key);
    const parts = Array.from({ length: count }, (_, row) => {
      const rowKey = key === undefined ? keyAt(row) : undefined;
      return partAt(rowKey === undefined ? own : positionOf(model, rowKey), rule);
    });
    return {
      isCanary: count > 0 && parts.every((part) => part === 'canary'),
      shadowed: [...parts.keys()].filter((row) => parts[row] === 'shadow'),
      keyAt,
    };
  }

  async #answerBy(
    pair: Pair,
    isCanary: boolean,
    job: ScoreJob,
    score: Score,
  ): Promise<{ outcome: ScoreOutcome; by: Answer['by'] }> {
    if (!isCanary) return { outcome: await score(pair.serving, job), by: 'serving' };
    try {
      if (job.rows instanceof Float32Array) checkSameLayout(pair.serving, pair.candidate);
      const outcome = await this.#inTime(job, (own) =>
        this.#silence.hear(pair.candidate, () => score(pair.candidate, own)),
      );
      this.#parts.metrics.answered.inc({ model: pair.model }, outcome.batch.scores.length);
      return { outcome, by: 'candidate' };
    } catch (thrown) {
      // Where nobody waits any longer, the version that serves is not asked either.
      job.checkAlive?.();
      const outcome = await score(pair.serving, job);
      // What both refuse is the caller's own fault.
      this.#failed(pair.serving)(toAristarchError(thrown));
      return { outcome, by: 'serving' };
    }
  }

  /** Throws `DEADLINE_EXCEEDED` once the candidate's part of the time is over; what it makes of the job afterwards is lost. */
  #inTime(job: ScoreJob, work: (own: ScoreJob) => Promise<ScoreOutcome>): Promise<ScoreOutcome> {
    const nowMs = this.#parts.clock.wallMs();
    const leftMs = (job.deadlineMs ?? Infinity) - nowMs;
    const partMs = Math.min(this.#parts.timeoutMs, Math.max(0, SHARE_OF_THE_TIME * leftMs));
    return inTime(partMs, (checkTime) => {
      const checkAlive = (): void => {
        job.checkAlive?.();
        checkTime();
      };
      return work({ ...job, isTrial: true, deadlineMs: nowMs + partMs, checkAlive });
    });
  }

  /** `rows`: places of the answer's rows, ascending. */
  #compareLater(pair: Pair, answer: Answer, rows: readonly number[], leases: readonly SharedRelease[]): void {
    const { metrics, record, timeoutMs } = this.#parts;
    const taken = this.#queue.offer(rows.length, (count) => {
      const done = leases.map((lease) => lease.use());
      const answered = pickAnswered(answer, pair, rows.slice(0, count));
      return {
        worker: otherOf(pair, answer.by),
        work: (from, to) =>
          compareRows(pair, answered, [from, to], { metrics, record, timeoutMs, silence: this.#silence }),
        end: () => done.forEach((release) => release()),
      };
    });
    if (taken < rows.length) metrics.shed.inc({ model: pair.model }, rows.length - taken);
  }
}

/** Which records of a model its candidate answers, and the rest; by their keys. */
interface Sides {
  readonly keys: ReadonlyMap<RawRecord, string>;
  readonly partOf: (record: RawRecord) => Part;
  readonly all: readonly number[];
  readonly canary: readonly number[];
  readonly rest: readonly number[];
}

function toPair(serving: OpenModel, candidate: OpenModel): Pair {
  return { model: serving.description.name, serving, candidate };
}
