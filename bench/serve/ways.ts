import { loadavg } from 'node:os';
import { interleave, runLoad, summarise, type Run, type Summary } from './measure.ts';
import { SCORE_PATH, scoreRequest } from './messages.ts';
import { connectionsOf, DENSE_ROWS, nameOfCallers, type Stage } from './parts.ts';
import { startAristarch, type Aristarch } from './servers.ts';

/** Ways to start the server, the first being what the others are held against. */
export const WAYS = {
  workers: [
    ['--workers', '1'],
    ['--workers', '2'],
  ],
  inference: [
    ['--inference', 'inline'],
    ['--inference', 'auto'],
    ['--inference', 'worker'],
  ],
} as const;
export type WaysName = keyof typeof WAYS;

/** One way under one load. */
export interface Way {
  readonly load: string;
  readonly way: string;
  readonly summary: Summary;
  /** Of its rate to that of the first way. */
  readonly times: number;
}

export interface Ways {
  readonly loadBefore: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly ways: readonly Way[];
}

/** Enough connections for each worker to have some, and callers for none to be idle. */
const DENSE_CALLERS = 4;
const LOADS = [
  ...[1, 16, 100].map((callers) => ({
    name: nameOfCallers(callers),
    ...{ rows: 1, callers, connections: 2 * connectionsOf(callers) },
  })),
  {
    name: `${DENSE_CALLERS} callers, ${DENSE_ROWS} rows each`,
    rows: DENSE_ROWS,
    callers: DENSE_CALLERS,
    connections: DENSE_CALLERS,
  },
];

const WARM_UP_SECONDS = 2;
/** The same rows again and again are drift. */
const QUIETLY = ['--log-level', 'error'];

/** Starts a server in each way, and holds them beside each other under the same loads, by the client that costs least. */
export async function measureWays({ folder, client, rounds, seconds }: Stage, name: WaysName): Promise<Ways> {
  const loadBefore = loadavg()[0]!;
  const servers = new Map<string, Aristarch>();
  try {
    for (const flags of WAYS[name]) servers.set(flags.join(' '), await startAristarch(folder, [...flags, ...QUIETLY]));
    const ways: Way[] = [];
    for (const { name: load, rows, callers, connections } of LOADS) {
      const shape = { kind: 'closed' as const, callers };
      const own = { client: 'wire' as const, path: SCORE_PATH, request: scoreRequest(rows), connections, shape };
      for (const server of servers.values()) await runLoad(client, server, { ...own, seconds: WARM_UP_SECONDS });
      const turns = [...servers].map(
        ([way, server]) => [way, () => runLoad(client, server, { ...own, seconds })] as const,
      );
      ways.push(...toWays(load, await interleave(rounds, Object.fromEntries(turns))));
    }
    return { loadBefore, rounds, seconds, ways };
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

function toWays(load: string, runs: Readonly<Record<string, readonly Run[]>>): Way[] {
  const summaries = Object.entries(runs).map(([way, each]) => ({ way, summary: summarise(each) }));
  const first = summaries[0]!.summary.perSecond;
  return summaries.map((each) => ({ load, ...each, times: each.summary.perSecond / first }));
}
