import { type AristarchError, toAristarchError, type ErrorCode } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { CandidateMetrics } from '../metrics/candidates.ts';
import type { Clock } from '../clock.ts';
import type { RoutedRecords } from '../models/by-key.ts';
import type { Candidate, Lease, Models, OpenModel } from '../models/port.ts';
import type { CandidateRule } from '../models/serving-rules.ts';
import type { ScoreJob, ScoreOutcome } from '../scoring-service.ts';
import { type Answer, checkSameLayout, compareRows, otherOf, type Pair, pickAnswered } from './compare.ts';
import { type OffPathLimits, OffPathQueue } from './off-path.ts';
import { createPositions, keyOfRecord, partAt, positionOf } from './position.ts';
import type { RecordRows } from './row-log.ts';
import { shareRelease, type SharedRelease } from './shared-release.ts';

export interface CandidatesParts {
  readonly models: Pick<Models, 'candidateOf'>;
  readonly metrics: CandidateMetrics;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly limits: OffPathLimits;
  /** Told of the rows that both have scored. */
  readonly record: RecordRows;
}

/** Nobody waits any longer: the version that serves is not asked either. */
const FAULTS_OF_THE_CALLER: ReadonlySet<ErrorCode> = new Set(['CANCELLED', 'DEADLINE_EXCEEDED']);

type Score = (model: OpenModel) => Promise<ScoreOutcome>;

/**
 * The versions that are tried beside those that serve (docs/models.md). A candidate answers its share of the requests, and the other
 * of the two scores them once more when there is time; where it fails, the version that serves answers. Each record has one
 * answer, whatever becomes of the candidate.
 */
export class Candidates {
  readonly #parts: CandidatesParts;
  readonly #queue: OffPathQueue;
  readonly #nextPosition = createPositions();

  constructor(parts: CandidatesParts) {
    this.#parts = parts;
    this.#queue = new OffPathQueue(parts.limits, parts.clock);
  }

  /** Undefined where nothing stands beside a model. */
  of(model: OpenModel): Candidate | undefined {
    return this.#parts.models.candidateOf(model);
  }

  /** Answers a job by the candidate or by the model that serves, whose lease it releases. Throws what the latter throws. */
  async answer(serving: Lease, candidate: Candidate, job: ScoreJob, score: Score): Promise<ScoreOutcome> {
    const held = shareRelease(serving.release);
    const done = [held.use()];
    try {
      const other = this.#peek(serving.model, candidate);
      if (other === undefined) return await score(serving.model);
      const both = shareRelease(other.release);
      done.push(both.use());
      const pair = toPair(serving.model, other.model);
      const { isCanary, shadowed, keyAt } = this.#partsOf(pair, candidate.rule, job);
      const { outcome, by } = await this.#answerBy(pair, isCanary, job, score);
      const rows = by === 'candidate' ? [...outcome.batch.scores.keys()] : shadowed;
      const answered = { rows: job.records ?? job.rows, keyAt, batch: outcome.batch, by };
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
      const other = candidate && (await this.#open(part.model, candidate));
      if (candidate === undefined || other === undefined) parts.push(part);
      else {
        const both = shareRelease(other.release);
        done.push(both.use());
        const pair = toPair(part.model, other.model);
        parts.push(...this.#splitPart(part.places, pair, candidate.rule, { records, keyOf, leases: [held, both] }));
      }
    }
    return { parts, refused: routed.refused, release: () => done.forEach((release) => release()) };
  }

  /** Rows that still wait to be scored by both are left. */
  stop(): void {
    this.#queue.stop();
  }

  #splitPart(
    places: readonly number[],
    pair: Pair,
    rule: CandidateRule,
    { records, keyOf, leases }: SplitParts,
  ): RoutedRecords['parts'][number][] {
    const keys = new Map(
      places.map((place) => [records[place]!, keyOfRecord(records[place]!, rule.key) ?? keyOf(place)]),
    );
    const partOf = (record: RawRecord) => partAt(positionOf(pair.model, keys.get(record)!), rule);
    const later =
      (by: Answer['by']) =>
      (rows: readonly RawRecord[], batch: ScoreBatch): void => {
        if (by === 'candidate') this.#parts.metrics.answered.inc({ model: pair.model }, rows.length);
        const compared = [...rows.keys()].filter((row) => by === 'candidate' || partOf(rows[row]!) === 'shadow');
        const answered = { rows, keyAt: (row: number) => keys.get(rows[row]!), batch, by };
        this.#compareLater(pair, answered, compared, leases);
      };
    const isCanary = (place: number): boolean => partOf(records[place]!) === 'canary';
    const canary = places.filter(isCanary);
    const rest = places.filter((place) => !isCanary(place));
    const because = ({ code }: AristarchError): void => this.#parts.metrics.failures.inc({ model: pair.model, code });
    return [
      { model: pair.serving, places: rest, onScored: later('serving') },
      {
        ...{ model: pair.candidate, places: canary, onScored: later('candidate') },
        instead: { model: pair.serving, because },
      },
    ].filter((part) => part.places.length > 0);
  }

  /** A candidate that is not open yet is opened for those who come later: nobody waits for it. */
  #peek(serving: OpenModel, candidate: Candidate): Lease | undefined {
    const failed = this.#failed(serving);
    try {
      const lease = candidate.acquire();
      if (!(lease instanceof Promise)) return lease;
      lease.then(({ release }) => release(), failed);
    } catch (thrown) {
      failed(thrown);
    }
    return undefined;
  }

  /** The same for those who can wait: which of the two judges an event must not hang on how long opening one takes. */
  async #open(serving: OpenModel, candidate: Candidate): Promise<Lease | undefined> {
    try {
      return await candidate.acquire();
    } catch (thrown) {
      this.#failed(serving)(thrown);
      return undefined;
    }
  }

  #failed({ description: { name: model } }: OpenModel): (thrown: unknown) => void {
    return (thrown) => this.#parts.metrics.failures.inc({ model, code: toAristarchError(thrown).code });
  }

  /** Where the rows of a job fall. A job has one answer, so that it goes to the candidate only where all of them do. */
  #partsOf({ model, serving }: Pair, rule: CandidateRule, { rows, records, key }: ScoreJob) {
    const named = records ?? (rows instanceof Float32Array ? undefined : rows);
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
    { rows }: ScoreJob,
    score: Score,
  ): Promise<{ outcome: ScoreOutcome; by: Answer['by'] }> {
    if (!isCanary) return { outcome: await score(pair.serving), by: 'serving' };
    try {
      if (rows instanceof Float32Array) checkSameLayout(pair.serving, pair.candidate);
      const outcome = await score(pair.candidate);
      this.#parts.metrics.answered.inc({ model: pair.model }, outcome.batch.scores.length);
      return { outcome, by: 'candidate' };
    } catch (thrown) {
      if (FAULTS_OF_THE_CALLER.has(toAristarchError(thrown).code)) throw thrown;
      const outcome = await score(pair.serving);
      // What both refuse is the caller's own fault.
      this.#failed(pair.serving)(thrown);
      return { outcome, by: 'serving' };
    }
  }

  /** `rows`: places of the answer's rows, ascending. */
  #compareLater(pair: Pair, answer: Answer, rows: readonly number[], leases: readonly SharedRelease[]): void {
    const { metrics, record } = this.#parts;
    const taken = this.#queue.offer(rows.length, (count) => {
      const done = leases.map((lease) => lease.use());
      const answered = pickAnswered(answer, pair, rows.slice(0, count));
      return {
        worker: otherOf(pair, answer.by),
        work: (from, to) => compareRows(pair, answered, [from, to], { metrics, record }),
        end: () => done.forEach((release) => release()),
      };
    });
    if (taken < rows.length) metrics.shed.inc({ model: pair.model }, rows.length - taken);
  }
}

interface SplitParts {
  readonly records: readonly RawRecord[];
  readonly keyOf: (place: number) => string;
  readonly leases: readonly SharedRelease[];
}

function toPair(serving: OpenModel, candidate: OpenModel): Pair {
  return { model: serving.description.name, serving, candidate };
}
