import type { Fetched } from './records.ts';

/** What is known of one of our partitions in one generation. */
export interface OwnPartition {
  readonly partition: number;
  /** Where the next fetch begins. */
  position: bigint;
  /** Fetched, and waiting for its turn: one batch ahead of the one at work, and no more. */
  waiting: Fetched | undefined;
  /** Behind what is done of the batch at work; undefined where none is. */
  done: bigint | undefined;
  /** On the monotonic clock, in milliseconds: nothing is fetched or worked on before. */
  restsUntilMs: number;
}

export function createPartitions(positions: ReadonlyMap<number, bigint>): OwnPartition[] {
  return [...positions].map(([partition, position]) => {
    return { partition, position, waiting: undefined, done: undefined, restsUntilMs: 0 };
  });
}

export function canFetch(own: OwnPartition, nowMs: number): boolean {
  return own.waiting === undefined && own.restsUntilMs <= nowMs;
}

/** Takes in what was fetched from `from`; no longer wanted where the place has changed meanwhile. */
export function takeIn(own: OwnPartition, from: bigint, fetched: Fetched): void {
  if (own.position !== from || own.waiting !== undefined) return;
  own.position = fetched.nextOffset;
  if (fetched.messages.length > 0 || fetched.unreadable !== undefined) own.waiting = fetched;
}

/** Reads again from an offset on: what was fetched beyond is let go. */
export function rewind(own: OwnPartition, to: bigint): void {
  own.position = to;
  own.waiting = undefined;
}
