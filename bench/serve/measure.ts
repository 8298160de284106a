import { median } from '../step/peer.ts';
import { cpuSecondsOf, type Child } from './child.ts';
import type { Load, LoadResult } from './load.ts';
import type { Served } from './servers.ts';

/** One run of a load against one server. */
export interface Run extends LoadResult {
  /** Microseconds of the server's processor time for each answered call or message. */
  readonly cpuMicroseconds: number;
}

export async function runLoad(client: Child, server: Served, load: Omit<Load, 'port'>): Promise<Run> {
  const before = cpuSecondsOf(server.pid);
  const result = (await client.ask({ ...load, port: server.port })) as LoadResult;
  const cpuMicroseconds = (1e6 * (cpuSecondsOf(server.pid) - before)) / result.answered;
  return { ...result, cpuMicroseconds };
}

/** Medians over runs, and how far the rates of single runs lay from theirs. */
export interface Summary {
  readonly perSecond: number;
  readonly lowest: number;
  readonly highest: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicroseconds: number;
}

export function summarise(runs: readonly Run[]): Summary {
  const rates = runs.map(({ perSecond }) => perSecond);
  const of = (key: 'p50' | 'p99' | 'cpuMicroseconds'): number => median(runs.map((run) => run[key]));
  return {
    ...{ perSecond: median(rates), lowest: Math.min(...rates), highest: Math.max(...rates) },
    ...{ p50: of('p50'), p99: of('p99'), cpuMicroseconds: of('cpuMicroseconds') },
  };
}

/** Takes turns, so that what else the machine does falls on all alike. */
export async function interleave<K extends string>(
  rounds: number,
  turns: Readonly<Record<K, () => Promise<Run>>>,
): Promise<Record<K, Run[]>> {
  const runs = Object.fromEntries(Object.keys(turns).map((key) => [key, [] as Run[]])) as Record<K, Run[]>;
  for (let round = 0; round < rounds; round++) {
    for (const key of Object.keys(turns) as K[]) runs[key].push(await turns[key]());
  }
  return runs;
}
