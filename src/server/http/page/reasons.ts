import type { Explanation, RawRecord } from '../../../scoring/detector.ts';
import type { RecentScore } from '../../recent-scores.ts';

/** Explains one record, naming at most `topK` fields. */
export type ExplainRecord = (record: RawRecord, topK: number) => Promise<Explanation>;

const NAMED_FIELDS = 3;

/**
 * Why the worst records have their scores. Each anomalous one is explained once, one at a time and only while a page looks:
 * an explanation holds up scoring for milliseconds. A record that cannot be explained has no reasons.
 */
export class Reasons {
  readonly #explain: ExplainRecord | undefined;
  readonly #known = new Map<number, readonly string[]>();
  #busy = false;

  constructor(explain: ExplainRecord | undefined) {
    this.#explain = explain;
  }

  /** Sentences about a record; empty until they are known. */
  of({ sequence }: RecentScore): readonly string[] {
    return this.#known.get(sequence) ?? [];
  }

  /** Starts on the first record without reasons, and forgets those that are shown no longer. */
  look(worst: readonly RecentScore[]): void {
    const shown = new Set(worst.map(({ sequence }) => sequence));
    for (const sequence of this.#known.keys()) if (!shown.has(sequence)) this.#known.delete(sequence);
    const next = worst.find(({ sequence, anomalous }) => anomalous && !this.#known.has(sequence));
    if (next === undefined || this.#busy || this.#explain === undefined) return;
    this.#busy = true;
    void this.#explain(next.record, NAMED_FIELDS)
      .then(
        ({ contributions }) => contributions.map(({ sentence }) => sentence),
        () => [],
      )
      .then((sentences) => {
        this.#known.set(next.sequence, sentences);
        this.#busy = false;
      });
  }
}
