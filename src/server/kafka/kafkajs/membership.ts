import type { AristarchError } from '../../../base/errors.ts';

/** What is known of our place in the group. */
export interface Membership {
  /** Counts how often the group was joined. */
  readonly epoch: number;
  /** Whether the group is to be dealt anew, or the consumer to stop: no more is begun of what was fetched. */
  readonly isEnding: boolean;
  readonly fault: (thrown: unknown) => AristarchError;
  /** The group is joined. */
  begin(): void;
  /** The group is to be dealt anew. */
  end(): void;
  /** For good. */
  stop(): void;
}

export function createMembership(fault: Membership['fault'], onRebalancing: () => void): Membership {
  let [epoch, isDealtAnew, isStopped] = [0, false, false];
  return {
    fault,
    get epoch() {
      return epoch;
    },
    get isEnding() {
      return isDealtAnew || isStopped;
    },
    begin() {
      epoch += 1;
      isDealtAnew = false;
    },
    end() {
      // Each batch at work hears of it, and the client says it once more.
      if (isDealtAnew) return;
      isDealtAnew = true;
      onRebalancing();
    },
    stop: () => void (isStopped = true),
  };
}
