export interface Job {
  readonly brokers: readonly string[];
  readonly topicIn: string;
  readonly topicOut: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  /** Events in the input topic: the run ends when so many are committed. */
  readonly events: number;
  /** Most events that are sent and committed together. */
  readonly batch: number;
}

/** Seconds from the first batch that is delivered to the last one that is committed, and the process's CPU seconds in them. */
export interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export const PARTITIONS_AT_ONCE = 4;
export const FETCH_BYTES = 1024 * 1024;

export type Count = ReturnType<typeof createCount>;

export function createCount(events: number) {
  let [counted, startedMs, startedCpu] = [0, 0, process.cpuUsage()];
  let resolve!: (run: Run) => void;
  let reject!: (error: Error) => void;
  const done = new Promise<Run>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return {
    done,
    fail: reject,
    begin(): void {
      if (startedMs > 0) return;
      startedMs = performance.now();
      startedCpu = process.cpuUsage();
    },
    add(count: number): void {
      counted += count;
      if (counted < events) return;
      const { user, system } = process.cpuUsage(startedCpu);
      resolve({ seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 });
    },
  };
}
