/** The work that is under way on a model, so that it is not closed under it. */
export interface Tracker {
  readonly track: <T>(work: Promise<T>) => Promise<T>;
  /** Resolves when all that was under way has ended, well or not. */
  readonly settle: () => Promise<unknown>;
}

export function createTracker(): Tracker {
  const running = new Set<Promise<unknown>>();
  return {
    track: async (work) => {
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    settle: () => Promise.allSettled(running),
  };
}
