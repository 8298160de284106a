import { join } from 'node:path';
import { CRITIC_FILE } from '../../src/models/artefact/layout.ts';
import { median } from '../step/peer.ts';
import type { Child } from './child.ts';
import type { EngineQuestion } from './engine.ts';
import type { Load } from './load.ts';
import { interleave, runLoad, summarise, type Run, type Summary } from './measure.ts';
import { SCORE_PATH, scoreRequest, scoreResponse, STREAM_PATH } from './messages.ts';
import { FEATURES } from './model.ts';
import type { Aristarch, Echo } from './servers.ts';

/** What the parts of the bench have in common. */
export interface Stage {
  readonly folder: string;
  readonly client: Child;
  readonly engine: Child;
  readonly echo: Echo;
  readonly aristarch: Aristarch;
  readonly rounds: number;
  readonly seconds: number;
}

export interface Compared {
  readonly name: string;
  readonly echo: Summary;
  readonly aristarch: Summary;
  /** Of the rates; and of the servers' processor time for a call. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

type Shape = Pick<Load, 'path' | 'connections' | 'shape'> & { readonly rows: number };

/** The same bytes to the echo and to the server, in turn. */
async function compare(stage: Stage, name: string, { rows, ...shape }: Shape): Promise<Compared> {
  const { client, echo, aristarch, rounds, seconds } = stage;
  await echo.answerWith(scoreResponse(rows, aristarch.model));
  const load = { ...shape, request: scoreRequest(rows), seconds };
  const runs = await interleave(rounds, {
    echo: () => runLoad(client, echo, load),
    aristarch: () => runLoad(client, aristarch, load),
  });
  return toCompared(name, runs);
}

function toCompared(name: string, runs: { readonly echo: Run[]; readonly aristarch: Run[] }): Compared {
  const [echo, aristarch] = [summarise(runs.echo), summarise(runs.aristarch)];
  const ratio = aristarch.perSecond / echo.perSecond;
  return { name, echo, aristarch, ratio, cpuRatio: echo.cpuMicroseconds / aristarch.cpuMicroseconds };
}

/** So that what is measured is not the compiler: for some seconds, calls of one row and dense batches to both. */
export async function warmUp({ client, echo, aristarch }: Stage): Promise<void> {
  for (const { rows, callers } of WARM_UP) {
    await echo.answerWith(scoreResponse(rows, aristarch.model));
    const shape = { kind: 'closed' as const, callers };
    const load = { path: SCORE_PATH, request: scoreRequest(rows), connections: 1, shape, seconds: WARM_UP_SECONDS };
    for (const server of [echo, aristarch]) await runLoad(client, server, load);
  }
}

const WARM_UP_SECONDS = 3;
const WARM_UP = [
  { rows: 1, callers: 1 },
  { rows: 1, callers: 64 },
  { rows: 1024, callers: 2 },
] as const;

/** Callers whose calls share a connection. */
const CALLERS_PER_CONNECTION = 25;
export const CALLERS = [1, 16, 100] as const;

export const connectionsOf = (callers: number): number => Math.ceil(callers / CALLERS_PER_CONNECTION);
export const nameOfCallers = (callers: number): string => (callers === 1 ? '1 caller' : `${callers} callers`);

export async function measureUnary(stage: Stage): Promise<Compared[]> {
  const results: Compared[] = [];
  for (const callers of CALLERS) {
    const shape = { kind: 'closed' as const, callers };
    const load = { path: SCORE_PATH, rows: 1, connections: connectionsOf(callers), shape };
    results.push(await compare(stage, nameOfCallers(callers), load));
  }
  return results;
}

const [STREAMS, WINDOW] = [4, 64];

export function measureStream(stage: Stage): Promise<Compared> {
  const shape = { kind: 'streams' as const, streams: STREAMS, window: WINDOW };
  const name = `${STREAMS} streams, ${WINDOW} messages on the way in each`;
  return compare(stage, name, { path: STREAM_PATH, rows: 1, connections: 1, shape });
}

/** Milliseconds that ONNX Runtime alone takes for one row: no answer can be had without them. */
export async function measureOneRow({ engine, folder, rounds, seconds }: Stage): Promise<number> {
  const question: EngineQuestion = { ...criticOf(folder), rows: 1, seconds };
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) rates.push((await engine.ask(question)) as number);
  return 1000 / median(rates);
}

const criticOf = (folder: string) => ({ file: join(folder, CRITIC_FILE), width: FEATURES, threads: 1 });

export const DENSE_ROWS = 1024;

export interface Dense extends Compared {
  /** Rows a second of ONNX Runtime alone, and the server's as a share of them. */
  readonly engineRows: number;
  readonly ratioToEngine: number;
}

export async function measureDense(stage: Stage): Promise<Dense> {
  const { client, echo, aristarch, engine, folder, rounds, seconds } = stage;
  await echo.answerWith(scoreResponse(DENSE_ROWS, aristarch.model));
  const shape = { kind: 'closed' as const, callers: 2 };
  const load = { path: SCORE_PATH, request: scoreRequest(DENSE_ROWS), connections: 1, shape, seconds };
  const question: EngineQuestion = { ...criticOf(folder), rows: DENSE_ROWS, seconds };
  const engineRows: number[] = [];
  const runs = await interleave(rounds, {
    echo: () => runLoad(client, echo, load),
    aristarch: async () => {
      engineRows.push((await engine.ask(question)) as number);
      return runLoad(client, aristarch, load);
    },
  });
  const compared = toCompared(`${DENSE_ROWS} rows of ${FEATURES}`, runs);
  const alone = median(engineRows);
  const ratioToEngine = (compared.aristarch.perSecond * DENSE_ROWS) / alone;
  return { ...compared, engineRows: alone, ratioToEngine };
}

export interface HalfLoad {
  readonly perSecond: number;
  readonly echo: Summary;
  readonly aristarch: Summary;
  /** p99 of the server over the echo's. */
  readonly p99Times: number;
}

/** Calls at random times, at half of the server's own peak, to both. */
export async function measureHalfLoad(stage: Stage, peak: number): Promise<HalfLoad> {
  const { client, echo, aristarch, rounds, seconds } = stage;
  await echo.answerWith(scoreResponse(1, aristarch.model));
  const shape = { kind: 'open' as const, perSecond: peak / 2, deadlineMs: 0 };
  const load = { path: SCORE_PATH, request: scoreRequest(1), connections: 4, shape, seconds };
  const runs = await interleave(rounds, {
    echo: () => runLoad(client, echo, load),
    aristarch: () => runLoad(client, aristarch, load),
  });
  const compared = toCompared('half load', runs);
  const p99Times = compared.aristarch.p99 / compared.echo.p99;
  return { perSecond: peak / 2, echo: compared.echo, aristarch: compared.aristarch, p99Times };
}
