import type { Child } from '../serve/child.ts';
import type { Load, LoadResult } from '../serve/load.ts';

export interface Calls {
  readonly port: number;
  readonly path: string;
  /** A serialised request, in base64. */
  readonly request: string;
  /** Each calls again when it was answered. */
  readonly callers: number;
}

/** Milliseconds of a call, of those of half a second each: the median over all of these. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** The longest of all calls. */
  readonly largest: number;
}

const SECONDS = 0.5;

function ask(client: Child, { callers, ...to }: Calls, seconds: number): Promise<LoadResult> {
  const load: Load = { ...to, client: 'wire', connections: 1, seconds, shape: { kind: 'closed', callers } };
  return client.ask(load) as Promise<LoadResult>;
}

/** One call; throws where it fails. */
export async function callOnce(client: Child, calls: Calls): Promise<void> {
  // The time is over when it is answered.
  const { statuses } = await ask(client, calls, 1e-3);
  if (Object.keys(statuses).join() !== '0') throw new Error(`a call ended with ${Object.keys(statuses).join()}`);
}

/** Callers who call until they are stopped. */
export function keepCalling(client: Child, calls: Calls) {
  const results: LoadResult[] = [];
  const ending = new AbortController();
  let next: Promise<void> = Promise.resolve();
  const round = async (): Promise<void> => void results.push(await ask(client, calls, SECONDS));
  const done = (async () => {
    while (!ending.signal.aborted) await (next = round());
  })();
  // Told to whoever stops them.
  done.catch(() => undefined);
  const answered = (): number => results.reduce((sum, result) => sum + result.answered, 0);
  return {
    /** Waits for so many answers to calls that are made from now on. */
    until: async (count: number): Promise<void> => {
      await next;
      const before = answered();
      while (answered() < before + count) await next;
    },
    /** Ends them, after so many seconds. */
    stop: async (afterSeconds = 0) => {
      if (afterSeconds > 0) await new Promise((resolve) => setTimeout(resolve, 1000 * afterSeconds));
      ending.abort();
      await done;
      const failed = results.reduce((sum, { statuses }) => sum + failedOf(statuses), 0);
      return { answered: answered(), failed, latency: latencyOf(results) };
    },
  };
}

function failedOf(statuses: LoadResult['statuses']): number {
  return Object.entries(statuses).reduce((sum, [status, calls]) => (status === '0' ? sum : sum + calls), 0);
}

function latencyOf(results: readonly LoadResult[]): Latency {
  const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
  return {
    p50: medianOf(results.map(({ p50 }) => p50)),
    p99: medianOf(results.map(({ p99 }) => p99)),
    largest: Math.max(...results.map(({ largest }) => largest)),
  };
}
