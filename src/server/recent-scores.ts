import type { RawRecord, ScoreBatch } from '../scoring/detector.ts';
import type { Transport } from './metrics.ts';

/** One scored row, without its record: a record may be a megabyte, and thousands of rows are kept. */
export interface RecentPoint {
  /** 1 for the first row scored since the start, and so on; rises, with gaps where rows of big batches were left out. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly transport: Transport;
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
}

/** One of the worst rows, as the live page shows it. */
export interface RecentScore extends RecentPoint {
  readonly record: RawRecord;
}

export interface RecentTotals {
  readonly rows: number;
  readonly flagged: number;
}

export interface RecentSnapshot {
  readonly totals: RecentTotals;
  /** Oldest first. */
  readonly latest: readonly RecentPoint[];
  /** Most anomalous first, of the last `worstForMs`. */
  readonly worst: readonly RecentScore[];
}

export type RecentListener = (scores: readonly RecentPoint[], totals: RecentTotals) => void;

export interface RecentScoresOptions {
  /** Scores kept. */
  readonly capacity?: number;
  /** Most scores taken from one call, evenly spread over it: a batch of a million rows must not cost a million objects. */
  readonly perCall?: number;
  readonly worstCount?: number;
  readonly worstForMs?: number;
}

export interface ScoredCall {
  readonly transport: Transport;
  readonly atMs: number;
  readonly batch: ScoreBatch;
  /** The row as a record; called only for rows that are among the worst so far. */
  readonly recordAt: (row: number) => RawRecord;
}

/**
 * What was scored lately, by any transport: a bounded ring of the latest scores, the worst of the last minutes (over all
 * rows, not only the kept ones), and listeners. Memory is bounded by the options; nothing here outlives the process.
 */
export class RecentScores {
  readonly #capacity: number;
  readonly #perCall: number;
  readonly #worstCount: number;
  readonly #worstForMs: number;
  readonly #listeners = new Set<RecentListener>();
  #latest: RecentPoint[] = [];
  #worst: RecentScore[] = [];
  #rows = 0;
  #flagged = 0;

  constructor(options: RecentScoresOptions = {}) {
    this.#capacity = options.capacity ?? 1000;
    this.#perCall = options.perCall ?? 16;
    this.#worstCount = options.worstCount ?? 20;
    this.#worstForMs = options.worstForMs ?? 10 * 60_000;
  }

  publish(call: ScoredCall): void {
    const { scores, verdicts } = call.batch;
    if (scores.length === 0) return;
    const first = this.#rows + 1;
    const stride = Math.ceil(scores.length / this.#perCall);
    const taken: RecentPoint[] = [];
    for (let row = 0; row < scores.length; row += stride) taken.push(recentPoint(call, row, first + row));
    for (const verdict of verdicts) this.#flagged += verdict;
    this.#rows += scores.length;
    this.#keepWorst(call, (row) => ({ ...recentPoint(call, row, first + row), record: call.recordAt(row) }));
    this.#latest.push(...taken);
    // Trimmed at twice the capacity: one copy for `capacity` scores instead of one for each.
    if (this.#latest.length > 2 * this.#capacity) this.#latest = this.#latest.slice(-this.#capacity);
    for (const listener of this.#listeners) listener(taken, this.totals);
  }

  get totals(): RecentTotals {
    return { rows: this.#rows, flagged: this.#flagged };
  }

  snapshot(nowMs: number): RecentSnapshot {
    this.#forgetOld(nowMs);
    return { totals: this.totals, latest: this.#latest.slice(-this.#capacity), worst: [...this.#worst] };
  }

  /** Calls `listener` after each scored call, until the returned function is called. */
  subscribe(listener: RecentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keepWorst(call: ScoredCall, take: (row: number) => RecentScore): void {
    this.#forgetOld(call.atMs);
    const { scores } = call.batch;
    let lowest = this.#lowestWorst();
    for (let row = 0; row < scores.length; row++) {
      if (scores[row]! <= lowest) continue;
      const score = take(row);
      const place = this.#worst.findIndex((other) => other.score < score.score);
      this.#worst.splice(place === -1 ? this.#worst.length : place, 0, score);
      this.#worst.length = Math.min(this.#worst.length, this.#worstCount);
      lowest = this.#lowestWorst();
    }
  }

  /** The score that a row must exceed to be among the worst. */
  #lowestWorst(): number {
    return this.#worst.length < this.#worstCount ? -Infinity : this.#worst.at(-1)!.score;
  }

  #forgetOld(nowMs: number): void {
    this.#worst = this.#worst.filter((score) => nowMs - score.atMs <= this.#worstForMs);
  }
}

function recentPoint(call: ScoredCall, row: number, sequence: number): RecentPoint {
  return {
    sequence,
    atMs: call.atMs,
    transport: call.transport,
    score: call.batch.scores[row]!,
    pValue: call.batch.pValues[row]!,
    anomalous: call.batch.verdicts[row] === 1,
  };
}
