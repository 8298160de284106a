import type { Clock } from '../clock.ts';
import type { Check, Checks } from '../http/handlers.ts';
import type { ShownDrift } from '../http/page/shown-drift.ts';
import type { ShownModels } from '../http/page/shown-models.ts';
import type { Pulse } from './contract.ts';
import type { MergedScores } from './merged-scores.ts';

/** What workers have told of themselves. */
export class Reports {
  readonly #feed: MergedScores;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #running = new Map<number, Omit<Pulse, 'scores'>>();
  readonly #ended = new Set<number>();
  #sources = 0;

  constructor(feed: MergedScores, clock: Pick<Clock, 'wallMs'>) {
    this.#feed = feed;
    this.#clock = clock;
  }

  /** A number for a new worker. */
  open(): number {
    return ++this.#sources;
  }

  take(source: number, { scores, ...told }: Pulse): void {
    // What a worker had said may arrive after its end.
    if (this.#ended.has(source)) return;
    if (scores !== undefined) this.#feed.take(source, scores);
    this.#running.set(source, { ...this.#running.get(source), ...told });
    for (const ended of this.#ended) {
      if (this.#feed.forget(ended, this.#clock.wallMs())) this.#ended.delete(ended);
    }
  }

  /** The worker has ended; its worst rows are shown for as long as others'. */
  close(source: number): void {
    this.#running.delete(source);
    this.#ended.add(source);
  }

  /** A part is ready where it is so in each worker. */
  checks(): Checks {
    const together = new Map<string, Check>();
    for (const { checks = {} } of this.#running.values()) {
      for (const [part, check] of Object.entries(checks)) {
        if (together.get(part)?.ok !== false) together.set(part, check);
      }
    }
    return Object.fromEntries(together);
  }

  /** Of the worker that has seen most of it. */
  drift(): ShownDrift | undefined {
    const told = [...this.#running.values()].flatMap(({ drift }) => (drift === undefined ? [] : [drift]));
    return told.sort((a, b) => b.largestOdds - a.largestOdds)[0];
  }

  /** All workers have the same, but for what one of them is about to open or close. */
  models(): ShownModels | undefined {
    return [...this.#running.values()].find(({ models }) => models !== undefined)?.models;
  }
}
