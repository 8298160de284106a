/** The calls that are being worked on, so that a shutdown can wait for them. */
export interface Calls {
  readonly inFlight: number;
  begin(): void;
  /** Once for each `begin`. */
  end(): void;
  /** Counts `work` while it lasts. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when no call is left. */
  idle(): Promise<void>;
}

export function createCalls(): Calls {
  let inFlight = 0;
  const waiting: (() => void)[] = [];
  const begin = (): void => {
    inFlight++;
  };
  const end = (): void => {
    inFlight--;
    if (inFlight === 0) for (const wake of waiting.splice(0)) wake();
  };
  return {
    get inFlight() {
      return inFlight;
    },
    ...{ begin, end },
    async track(work) {
      begin();
      try {
        return await work;
      } finally {
        end();
      }
    },
    idle: () => new Promise((resolve) => (inFlight === 0 ? resolve() : waiting.push(resolve))),
  };
}
