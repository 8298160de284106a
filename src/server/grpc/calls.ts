/** The calls that are being worked on, so that a shutdown can wait for them. */
export interface Calls {
  readonly inFlight: number;
  /** Counts `work` while it lasts. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when no call is left. */
  idle(): Promise<void>;
}

export function createCalls(): Calls {
  let inFlight = 0;
  const waiting: (() => void)[] = [];
  return {
    get inFlight() {
      return inFlight;
    },
    async track(work) {
      inFlight++;
      try {
        return await work;
      } finally {
        inFlight--;
        if (inFlight === 0) for (const wake of waiting.splice(0)) wake();
      }
    },
    idle: () => new Promise((resolve) => (inFlight === 0 ? resolve() : waiting.push(resolve))),
  };
}
