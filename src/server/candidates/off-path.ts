import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** Work that nobody waits for, on so many rows. */
export interface OffPathTask {
  readonly rows: number;
  /** Does rows `from` to `to`; what it throws is its own business. */
  readonly work: (from: number, to: number) => Promise<void>;
  /** Called once: all is done, or will not be. */
  readonly end: () => void;
}

export interface OffPathLimits {
  /** Most rows that wait. */
  readonly maxRows: number;
  /** Most of the time that goes into it, in (0, 1]. */
  readonly timeShare: number;
}

/** Longest turn that is planned, in milliseconds: by so much an answer that comes in the middle of one may be late. */
const TURN_MS = 2;
const MOST_ROWS = 1024;
/** Longest rest between two turns, in milliseconds: one bad moment does not stop everything. */
const LONGEST_REST_MS = 1000;
/** Weight of the last turn in what a row is taken to cost, where it was cheaper than that; dearer ones count at once. */
const FORGETTING = 0.2;

interface Waiting {
  readonly task: OffPathTask;
  rows: number;
  done: number;
  working: number;
}

/**
 * Works in short turns with rests between them, so that what has somebody waiting goes first: a turn has as many rows as fit into
 * two milliseconds by what rows cost lately, waiting for others included, and a rest is as long as the share of time demands. Under
 * load turns take longer, and rests with them: this is what gives way first.
 */
export class OffPathQueue {
  readonly #limits: OffPathLimits;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #waiting: Waiting[] = [];
  #rows = 0;
  #rowMs = TURN_MS;
  #running = false;
  #stopped = false;

  constructor(limits: OffPathLimits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Takes a task, or as many of its first rows as there is room for; answers how many. */
  offer(task: OffPathTask): number {
    const rows = this.#stopped ? 0 : Math.min(task.rows, this.#limits.maxRows - this.#rows);
    if (rows <= 0) {
      task.end();
      return 0;
    }
    this.#waiting.push({ task, rows, done: 0, working: 0 });
    this.#rows += rows;
    if (!this.#running) void this.#run();
    return rows;
  }

  /** Drops what waits; what is at work is finished. */
  stop(): void {
    this.#stopped = true;
    this.#rows = 0;
    for (const each of this.#waiting.splice(0)) {
      each.rows = each.done;
      endIfDone(each);
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
    const most = Math.min(MOST_ROWS, Math.max(1, Math.floor(TURN_MS / this.#rowMs)));
    const begun: Promise<void>[] = [];
    let left = most;
    while (left > 0 && this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const count = Math.min(left, first.rows - first.done);
      left -= count;
      if (first.done + count === first.rows) this.#waiting.shift();
      begun.push(this.#begin(first, count));
    }
    await Promise.all(begun);
    const ms = this.#clock.monotonicMs() - startedMs;
    const seenMs = ms / (most - left);
    this.#rowMs = seenMs > this.#rowMs ? seenMs : this.#rowMs + FORGETTING * (seenMs - this.#rowMs);
    return ms;
  }

  async #begin(each: Waiting, count: number): Promise<void> {
    const from = each.done;
    each.done += count;
    each.working++;
    this.#rows -= count;
    await each.task.work(from, from + count).catch(() => undefined);
    each.working--;
    endIfDone(each);
  }
}

function endIfDone({ task, rows, done, working }: Waiting): void {
  if (working === 0 && done === rows) task.end();
}
