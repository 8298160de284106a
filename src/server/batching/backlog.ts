/** Rows that wait for one model. */
export interface Waiting {
  /** Milliseconds until a usual job would be scored, if it came after so many others that are on their way; 0 where nobody is before it. */
  expectMs(coming: number): number;
}

/** What waits for the models of a process, for whoever decides on a call before it is known which model it is for. */
export interface Backlog extends Waiting {
  /** Counts in one model's rows until the answer is called. */
  watch(waiting: Waiting): () => void;
}

/** Expects of a call what it would meet with at the model that has least to do. */
export function createBacklog(): Backlog {
  const open = new Set<Waiting>();
  return {
    watch: (waiting) => {
      open.add(waiting);
      return () => void open.delete(waiting);
    },
    expectMs: (coming) => {
      let leastMs = Infinity;
      for (const each of open) leastMs = Math.min(leastMs, each.expectMs(coming));
      return open.size === 0 ? 0 : leastMs;
    },
  };
}
