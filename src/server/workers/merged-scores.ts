import type { PageFeed } from '../http/page/feed.ts';
import type { RecentListener, RecentPoint, RecentScore, RecentSnapshot, RecentTotals } from '../recent-scores.ts';
import type { ScoresPulse } from './contract.ts';

/** As many as a process of its own keeps (`RecentScores`). */
const [CAPACITY, WORST_COUNT, WORST_FOR_MS] = [1000, 20, 10 * 60_000];

/** What one worker has said so far. */
interface Source {
  totals: RecentTotals;
  worst: readonly RecentScore[];
  /** Place among the rows of all workers, by the worker's own, of the worst. */
  places: ReadonlyMap<number, number>;
}

const NOTHING_TOLD: Source = { totals: { rows: 0, flagged: 0 }, worst: [], places: new Map() };

/** The scores of all workers as those of one process: what the live page shows. */
export class MergedScores implements PageFeed {
  readonly #sources = new Map<number, Source>();
  readonly #listeners = new Set<RecentListener>();
  #latest: RecentPoint[] = [];
  #totals: RecentTotals = { rows: 0, flagged: 0 };

  /** `source`: a number of the worker's own; not its slot's, whose next worker begins to count anew. */
  take(source: number, { totals, points, worst }: ScoresPulse): void {
    const before = this.#sources.get(source) ?? NOTHING_TOLD;
    // Rows of workers are numbered one after the other, in the order in which they are told of.
    const shift = this.#totals.rows - before.totals.rows;
    const place = ({ sequence }: RecentPoint): number =>
      sequence > before.totals.rows ? sequence + shift : (before.places.get(sequence) ?? sequence + shift);
    const places = worst === undefined ? before.places : new Map(worst.map((score) => [score.sequence, place(score)]));
    const placed = worst?.map((score) => ({ ...score, sequence: place(score) }));
    this.#sources.set(source, { totals, places, worst: placed ?? before.worst });
    this.#totals = {
      rows: this.#totals.rows + totals.rows - before.totals.rows,
      flagged: this.#totals.flagged + totals.flagged - before.totals.flagged,
    };
    const taken = points.map((point) => ({ ...point, sequence: point.sequence + shift }));
    this.#latest = [...this.#latest, ...taken].slice(-CAPACITY);
    for (const listener of this.#listeners) listener(taken, this.#totals);
  }

  snapshot(nowMs: number): RecentSnapshot {
    const isLate = ({ atMs }: RecentPoint): boolean => nowMs - atMs <= WORST_FOR_MS;
    const worst = [...this.#sources.values()].flatMap((source) => source.worst.filter(isLate));
    worst.sort((a, b) => b.score - a.score);
    return { totals: this.#totals, latest: this.#latest, worst: worst.slice(0, WORST_COUNT) };
  }

  /** Called after each pulse, until the returned function is called. */
  subscribe(listener: RecentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets a worker that has ended; false as long as one of its rows is among the worst of late. */
  forget(source: number, nowMs: number): boolean {
    const known = this.#sources.get(source);
    if (known?.worst.some(({ atMs }) => nowMs - atMs <= WORST_FOR_MS) === true) return false;
    this.#sources.delete(source);
    return true;
  }
}
