import { AristarchError } from '../../base/errors.ts';
import type { Priority, ScoreBatch, StageListener } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import { type AdmissionQuestion, refusalOf, type Refusal } from './admission.ts';
import { createAlarm, defaultLater, type Later } from './alarm.ts';
import { createCompany } from './company.ts';
import { createForecast } from './forecast.ts';
import { gather, rowsOf } from './gather.ts';
import { createPatience } from './patience.ts';
import { createQueue, type Piece, type Waiting } from './queue.ts';
import { Collector, viewOf } from './score-parts.ts';

/** Rows of one caller. */
export interface BatchJob {
  /** Raw rows, packed; not written to. */
  readonly rows: Float32Array;
  readonly falsePositiveRate?: number | undefined;
  readonly priority?: Priority | undefined;
  /** Time on the wall clock, in milliseconds, after which nobody waits any longer. */
  readonly deadlineMs?: number | undefined;
  /** Throws when nobody waits any longer. */
  readonly checkAlive?: (() => void) | undefined;
  readonly onStage?: StageListener | undefined;
  /** Of a version on trial. */
  readonly isTrial?: boolean | undefined;
}

export interface BatchingLimits {
  /** Most rows of one inference. */
  readonly maxBatchRows: number;
  /** Most milliseconds that a job waits, from when it came, for others that could be scored with it. */
  readonly maxDelayMs: number;
  /** Most rows that wait, of one priority and those above it. */
  readonly maxQueueRows: number;
}

/** What the batcher tells of its work. */
export interface BatchingEvents {
  /** `isTrial`: whether all of its callers are. */
  readonly onBatch: (rows: number, jobs: number, inferMs: number, isTrial: boolean) => void;
  /** A caller's first rows go into an inference, after so many milliseconds. */
  readonly onTurn: (waitedMs: number) => void;
  readonly onRefusal: (reason: Refusal) => void;
}

export interface BatcherParts {
  readonly rowWidth: number;
  /** At once where the inference runs on this thread. */
  readonly score: (rows: Float32Array, falsePositiveRate: number | undefined) => ScoreBatch | Promise<ScoreBatch>;
  readonly limits: BatchingLimits;
  readonly clock: Clock;
  readonly events: BatchingEvents;
  /** Runs `work` after the input that is there has been read, or after so many milliseconds. */
  readonly later?: Later;
}

export interface Batcher {
  /**
   * The scores of a job's rows, the same to the bit whoever else is scored beside it. Throws `RESOURCE_EXHAUSTED` at once where
   * it cannot be done in its time or the queue is full, with `retryAfterMs`; what `checkAlive` throws; what the model throws.
   */
  score(job: BatchJob): Promise<ScoreBatch>;
  readonly queuedRows: number;
  /** Milliseconds until a job as they were lately would be scored, if it came after so many others; 0 where nobody is before it. */
  expectMs(coming: number): number;
}

interface WaitingJob extends Waiting {
  readonly job: BatchJob;
  readonly collector: Collector;
  readonly resolve: (batch: ScoreBatch) => void;
  readonly reject: (thrown: unknown) => void;
  /** When it came, until its first rows are scored. */
  cameMs: number | undefined;
  /** Set when it is answered before all of its rows are scored. */
  ended: boolean;
}

/**
 * Gathers the rows of all callers into one inference at a time: whoever comes while the process is idle is scored at once
 * (after the input that has arrived together is read), whoever comes while an inference runs is in the next one. With a delay, the
 * next one begins so much later where several callers were there a moment ago.
 */
export function createBatcher(parts: BatcherParts): Batcher {
  const { rowWidth, limits, clock, events, later = defaultLater } = parts;
  const { maxBatchRows, maxDelayMs, maxQueueRows } = limits;
  const queue = createQueue<WaitingJob>(maxBatchRows);
  const forecast = createForecast(queue, maxBatchRows, clock);
  const company = createCompany(later, clock);
  const patience = createPatience(maxDelayMs, company, clock);
  let running = false;
  /** Takes a job into the queue, or throws why not. */
  const admit = (job: BatchJob, answer: Pick<WaitingJob, 'resolve' | 'reject'>): void => {
    job.checkAlive?.();
    const { priority = 'normal', deadlineMs = Infinity } = job;
    const rows = job.rows.length / rowWidth;
    const remainingMs = deadlineMs - clock.wallMs();
    const prospect = forecast.prospectOf(running, { priority, rows, remainingMs });
    checkAdmission({ rows, remainingMs, maxQueueRows, ...prospect }, job.isTrial === true ? undefined : events);
    // Those alike are refused by their headers; Kafka's batches wait as long as it takes.
    if (deadlineMs !== Infinity) forecast.learnJob(rows);
    queue.push({ job, priority, ...stateOf(rows, clock.monotonicMs()), ...answer });
  };
  const alarm = createAlarm(() => runNext(), clock, later);
  const schedule = (): void => {
    if (!running && queue.jobs > 0) alarm.set(queue.rows >= maxBatchRows ? 0 : patience.leftMs());
  };
  const runNext = (): void => {
    const pieces = queue.take(sameRate, (waiting) => drop(waiting, clock));
    if (queue.jobs === 0) patience.over();
    if (pieces.length === 0) {
      schedule();
      return;
    }
    running = true;
    company.ran(pieces.length, queue.jobs - pieces.filter(({ waiting }) => waiting.left > 0).length);
    const rows = rowsOf(pieces);
    const startedMs = forecast.begin(rows);
    const ended = (inThread: boolean): void => {
      running = false;
      for (const { waiting } of pieces) waiting.job.onStage?.('infer', startedMs, clock.monotonicMs());
      events.onBatch(rows, pieces.length, forecast.end(rows), pieces.every(isOfTrial));
      if (inThread && queue.rows >= maxBatchRows) runNext();
      else schedule();
    };
    scorePieces(tellTurns(pieces, startedMs, events), parts, ended);
  };
  return {
    get queuedRows() {
      return queue.rows;
    },
    expectMs: (coming) => forecast.expectComingMs(running, coming),
    score: (job) =>
      new Promise((resolve, reject) => {
        admit(job, { resolve, reject });
        if (company.isAlone(!running && queue.jobs === 1, queue.rows)) runAtOnce(runNext);
        else {
          patience.take(() => forecast.spareMs(job.deadlineMs));
          schedule();
        }
      }),
  };
}

const stateOf = (rows: number, cameMs: number): Omit<WaitingJob, 'job' | 'priority' | 'resolve' | 'reject'> => ({
  ...{ left: rows, collector: new Collector(rows), cameMs, ended: false },
});

/** A fault of whoever is told of the work is nobody's answer, and ends the process as in any other turn. */
function runAtOnce(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}

/**
 * `ended` is told once, when the next inference may begin: where another thread computes, before this one is delivered, so that the
 * thread need not wait for the answers.
 */
function scorePieces(
  pieces: readonly Piece<WaitingJob>[],
  parts: BatcherParts,
  ended: (inThread: boolean) => void,
): void {
  const rate = pieces[0]!.waiting.job.falsePositiveRate;
  const fail = (thrown: unknown): void => scoreApart(pieces, parts, thrown, () => ended(false));
  try {
    const batch = parts.score(gather(pieces, parts.rowWidth), rate);
    if (batch instanceof Promise) {
      const take = (scored: ScoreBatch): void => {
        try {
          ended(true);
        } finally {
          deliver(pieces, scored);
        }
      };
      batch.then(take, fail);
      return;
    }
    deliver(pieces, batch);
  } catch (thrown) {
    fail(thrown);
    return;
  }
  ended(false);
}

/**
 * One caller's rows can be what the model fails at; the others' answers do not depend on it. Where the model was not there, all fail:
 * what ended the inference thread is not given to the next one at once.
 */
function scoreApart(
  pieces: readonly Piece<WaitingJob>[],
  parts: BatcherParts,
  thrown: unknown,
  ended: () => void,
): void {
  if (pieces.length === 1 || isUnavailable(thrown)) {
    for (const { waiting } of pieces) end(waiting, thrown);
    ended();
    return;
  }
  void (async () => {
    for (const piece of pieces) await new Promise<void>((resolve) => scorePieces([piece], parts, () => resolve()));
    ended();
  })();
}

const isUnavailable = (thrown: unknown): boolean => thrown instanceof AristarchError && thrown.code === 'UNAVAILABLE';

const isOfTrial = ({ waiting }: Piece<WaitingJob>): boolean => waiting.job.isTrial === true;

const sameRate = (first: WaitingJob, other: WaitingJob): boolean =>
  Object.is(first.job.falsePositiveRate, other.job.falsePositiveRate);

/** Throws at once what `refusalOf` has against a job, and tells of it, where it is a caller's. */
function checkAdmission(question: AdmissionQuestion, events: BatchingEvents | undefined): void {
  const refusal = refusalOf(question);
  if (refusal === undefined) return;
  events?.onRefusal(refusal.reason);
  throw refusal.error;
}

/** Tells of each job whose first rows these are; answers the pieces. */
function tellTurns(pieces: readonly Piece<WaitingJob>[], nowMs: number, { onTurn }: BatchingEvents): typeof pieces {
  for (const { waiting } of pieces) {
    if (waiting.cameMs !== undefined) {
      if (waiting.job.isTrial !== true) onTurn(nowMs - waiting.cameMs);
      waiting.job.onStage?.('queue', waiting.cameMs, nowMs);
    }
    waiting.cameMs = undefined;
  }
  return pieces;
}

/** Ends a job that nobody waits for any longer. */
function drop(waiting: WaitingJob, clock: Clock): boolean {
  if (waiting.ended) return true;
  const { checkAlive, deadlineMs = Infinity } = waiting.job;
  try {
    checkAlive?.();
    if (clock.wallMs() < deadlineMs) return false;
    end(waiting, new AristarchError('DEADLINE_EXCEEDED', 'the deadline passed before the rows were scored'));
  } catch (thrown) {
    end(waiting, thrown);
  }
  return true;
}

function end(waiting: WaitingJob, thrown: unknown): void {
  waiting.ended = true;
  waiting.reject(thrown);
}

function deliver(pieces: readonly Piece<WaitingJob>[], batch: ScoreBatch): void {
  let from = 0;
  for (const { waiting, count } of pieces) {
    const whole = waiting.collector.add(viewOf(batch, from, from + count));
    if (whole !== undefined && !waiting.ended) waiting.resolve(whole);
    from += count;
  }
}
