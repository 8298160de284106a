import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** Work that nobody waits for, on so many rows. */
export interface OffPathTask {
  /** What a row costs is remembered by it: the model that does the work. */
  readonly worker: object;
  /** Does rows `from` to `to`; what it throws is its own business. */
  readonly work: (from: number, to: number) => Promise<void>;
  /** Called once: all is done, or will not be. */
  readonly end: () => void;
}

export interface OffPathLimits {
  /** Most rows that are held: those that wait, and those of a task that is at work, until its end. */
  readonly maxRows: number;
  /** Most of the time that goes into it, in (0, 1]. */
  readonly timeShare: number;
}

/** Longest turn that is planned, in milliseconds: by so much an answer that comes in the middle of one may be late. */
const TURN_MS = 2;
const MOST_ROWS = 1024;
/** What a timer can wait at most, in milliseconds: 25 days. */
const LONGEST_REST_MS = 2 ** 31 - 1;
/** Weight of the last turn in what a row is taken to cost, where it was cheaper than that; dearer ones count at once. */
const FORGETTING = 0.2;

interface Waiting {
  readonly task: OffPathTask;
  readonly held: number;
  rows: number;
  done: number;
  working: number;
}

/**
 * Works in short turns with rests between them, so that what has somebody waiting goes first. A turn is one worker's, and has as many
 * rows as fit into two milliseconds by what its rows cost lately, waiting for others included; a worker that is not known yet
 * begins with one row. A rest is as long as the share of time demands, however long the turn was. Under load turns take longer, and
 * rests with them: this is what gives way first.
 */
export class OffPathQueue {
  readonly #limits: OffPathLimits;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #waiting: Waiting[] = [];
  readonly #rowMs = new WeakMap<object, number>();
  #held = 0;
  #running = false;
  #stopped = false;

  constructor(limits: OffPathLimits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /**
   * Takes so many rows of a task, or as many of the first of them as there is room for; answers how many. `make` is called with that
   * number, so that a task holds no more than what it works on; it is not called where there is no room.
   */
  offer(wanted: number, make: (rows: number) => OffPathTask): number {
    const rows = this.#stopped ? 0 : Math.min(wanted, this.#limits.maxRows - this.#held);
    if (rows <= 0) return 0;
    this.#waiting.push({ task: make(rows), held: rows, rows, done: 0, working: 0 });
    this.#held += rows;
    if (!this.#running) void this.#run();
    return rows;
  }

  /** Drops what waits; what is at work is finished. */
  stop(): void {
    this.#stopped = true;
    for (const each of this.#waiting.splice(0)) {
      each.rows = each.done;
      this.#endIfDone(each);
    }
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const ms = await this.#turn();
      await sleep(Math.min(LONGEST_REST_MS, ms * (1 / this.#limits.timeShare - 1)), undefined, { ref: false });
    }
    this.#running = false;
  }

  /** Answers how many milliseconds it took. */
  async #turn(): Promise<number> {
    const startedMs = this.#clock.monotonicMs();
    const { worker } = this.#waiting[0]!.task;
    const knownMs = this.#rowMs.get(worker) ?? TURN_MS;
    const most = Math.min(MOST_ROWS, Math.max(1, Math.floor(TURN_MS / knownMs)));
    const begun: Promise<void>[] = [];
    let left = most;
    while (left > 0 && this.#waiting[0]?.task.worker === worker) {
      const first = this.#waiting[0];
      const count = Math.min(left, first.rows - first.done);
      left -= count;
      if (first.done + count === first.rows) this.#waiting.shift();
      begun.push(this.#begin(first, count));
    }
    await Promise.all(begun);
    const ms = this.#clock.monotonicMs() - startedMs;
    const seenMs = ms / (most - left);
    this.#rowMs.set(worker, seenMs > knownMs ? seenMs : knownMs + FORGETTING * (seenMs - knownMs));
    return ms;
  }

  async #begin(each: Waiting, count: number): Promise<void> {
    const from = each.done;
    each.done += count;
    each.working++;
    await each.task.work(from, from + count).catch(() => undefined);
    each.working--;
    this.#endIfDone(each);
  }

  #endIfDone({ task, held, rows, done, working }: Waiting): void {
    if (working > 0 || done < rows) return;
    this.#held -= held;
    task.end();
  }
}
