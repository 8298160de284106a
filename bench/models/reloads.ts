import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { residentMebibytesOf, startChild, type Child } from '../serve/child.ts';
import { SCORE_PATH, scoreRequest } from '../serve/messages.ts';
import { trainedModel } from '../serve/model.ts';
import { startServe } from '../serve/servers.ts';
import { callOnce, keepCalling, type Latency } from './callers.ts';
import { openService } from './service.ts';

export interface Reloads {
  readonly reloads: number;
  /** Reloads before these, in which the heap finds its size. */
  readonly warmUp: number;
  /**
   * The least that the server held after a reload of each tenth. Each reload reads megabytes that are garbage afterwards, so that what is held
   * goes up and down by a fifth; what a collection cannot free is never below the least.
   */
  readonly leastMebibytes: readonly number[];
  /** The most, likewise. */
  readonly mostMebibytes: readonly number[];
  /** By how much it grew with each reload of the second half, by least squares. */
  readonly kibibytesEach: number;
  /** From the call of LoadModel to its answer. */
  readonly secondsEach: number;
  /** Calls that were answered beside the reloads, and those that were not. */
  readonly answered: number;
  readonly failed: number;
  /** Of the callers' calls before the first reload, and beside them. */
  readonly latency: { readonly before: Latency; readonly beside: Latency };
}

interface Way {
  readonly inference: string;
  readonly callers: number;
  /** Of each call. */
  readonly rows: number;
  /** What each version does before the next one comes, at least: calls of the callers, and one of so many rows. */
  readonly each?: { readonly calls: number; readonly rows: number };
}

/**
 * `worker`: all in the inference thread. `auto`, the default: a caller of single rows on the event loop, so many for each version that it gets its row
 * program, and one inference large enough for the thread, so that each version has a session in both.
 */
export const RELOAD_WAYS = {
  worker: { inference: 'worker', callers: 4, rows: 8 },
  auto: { inference: 'auto', callers: 1, rows: 1, each: { calls: 600, rows: 1024 } },
} as const satisfies Record<string, Way>;
export type ReloadWay = keyof typeof RELOAD_WAYS;

const MODEL = 'model';
/** Of the reloads that are measured. */
const WARM_UP_SHARE = 0.25;
const FLAGS = ['--default-model', MODEL, '--admin-calls', 'on', '--models-poll-ms', '0'];
const BEFORE_SECONDS = 3;

/**
 * A model of the default preset in `serve`, with drift and an inference thread, that is replaced again and again: a new version is
 * copied, LoadModel puts it in the place of the one before, and that is removed; callers score all the while.
 */
export async function measureReloads(root: string, name: ReloadWay, reloads: number): Promise<Reloads> {
  const way: Way = RELOAD_WAYS[name];
  const trained = await trainedModel();
  const folderOf = (version: number): string => join(root, MODEL, String(version));
  await cp(trained, folderOf(0), { recursive: true });
  const server = await startServe(['--models', root, '--inference', way.inference, ...FLAGS]);
  const [client, large] = [startChild('load.ts'), startChild('load.ts')];
  const service = openService(server.port);
  try {
    const load = { port: server.port, path: SCORE_PATH, request: scoreRequest(way.rows), callers: way.callers };
    const before = await keepCalling(client, load).stop(BEFORE_SECONDS);
    const calling = keepCalling(client, load);
    const mebibytes: number[] = [];
    const warmUp = Math.ceil(reloads * WARM_UP_SHARE);
    let seconds = 0;
    for (let reload = 1; reload <= warmUp + reloads; reload++) {
      await cp(trained, folderOf(reload), { recursive: true });
      const startedMs = performance.now();
      await service.load(MODEL);
      const tookMs = performance.now() - startedMs;
      await rm(folderOf(reload - 1), { recursive: true });
      if (way.each) await use(way.each, calling, large, server.port);
      if (reload <= warmUp) continue;
      seconds += tookMs / 1000;
      mebibytes.push(residentMebibytesOf(server.pid));
    }
    const { answered, failed, latency } = await calling.stop();
    return {
      ...{ reloads, warmUp, ...growthOf(mebibytes), secondsEach: seconds / reloads, answered, failed },
      latency: { before: before.latency, beside: latency },
    };
  } finally {
    service.close();
    await Promise.all([client.stop(), large.stop()]);
    await server.stop();
  }
}

async function use(
  { calls, rows }: NonNullable<Way['each']>,
  calling: ReturnType<typeof keepCalling>,
  client: Child,
  port: number,
): Promise<void> {
  await callOnce(client, { port, path: SCORE_PATH, request: scoreRequest(rows), callers: 1 });
  await calling.until(calls);
}

/** What was held after each reload, in short. */
export function growthOf(
  mebibytes: readonly number[],
): Pick<Reloads, 'leastMebibytes' | 'mostMebibytes' | 'kibibytesEach'> {
  const tenths = toTenths(mebibytes);
  return {
    leastMebibytes: tenths.map((tenth) => Math.min(...tenth)),
    mostMebibytes: tenths.map((tenth) => Math.max(...tenth)),
    kibibytesEach: 1024 * slopeOf(mebibytes.slice(Math.floor(mebibytes.length / 2))),
  };
}

function toTenths(values: readonly number[]): number[][] {
  const size = Math.ceil(values.length / 10);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, tenth) =>
    values.slice(tenth * size, (tenth + 1) * size),
  );
}

/** Of the line through values at 0, 1, 2 ... that is nearest to them by its squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const along = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0);
  return along / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
}
