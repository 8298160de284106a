import type { PageFeed } from '../http/page/feed.ts';
import type { RecentListener, RecentPoint, RecentScore, RecentSnapshot, RecentTotals } from '../recent-scores.ts';
import type { ScoresPulse, WorstPulse } from './contract.ts';

/** As many as a process of its own keeps (`RecentScores`). */
const [CAPACITY, WORST_COUNT, WORST_FOR_MS] = [1000, 20, 10 * 60_000];

/** What one worker has said so far. */
interface Source {
  totals: RecentTotals;
  /** By the worker's own sequence, with the place among the rows of all workers in its stead. */
  worst: ReadonlyMap<number, RecentScore>;
}

const NOTHING_TOLD: Source = { totals: { rows: 0, flagged: 0 }, worst: new Map() };

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
    this.#sources.set(source, { totals, worst: worst === undefined ? before.worst : takeWorst(before, worst, shift) });
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
    const worst = [...this.#sources.values()].flatMap((source) => [...source.worst.values()].filter(isLate));
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
    const worst = [...(known?.worst.values() ?? [])];
    if (worst.some(({ atMs }) => nowMs - atMs <= WORST_FOR_MS)) return false;
    this.#sources.delete(source);
    return true;
  }
}

/** Those that are new, and those that are still named of the ones before. */
function takeWorst(before: Source, { sequences, added }: WorstPulse, shift: number): Source['worst'] {
  const placed = added.map((score) => [score.sequence, { ...score, sequence: score.sequence + shift }] as const);
  const known = new Map([...before.worst, ...placed]);
  return new Map(sequences.flatMap((sequence) => (known.has(sequence) ? [[sequence, known.get(sequence)!]] : [])));
}
