import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { residentMebibytesOf, startChild, type Child } from '../serve/child.ts';
import type { Load, LoadResult } from '../serve/load.ts';
import { SCORE_PATH, scoreRequest } from '../serve/messages.ts';
import { trainedModel } from '../serve/model.ts';
import { startServe } from '../serve/servers.ts';
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
  /** From the call of LoadModel to its answer. */
  readonly secondsEach: number;
  /** Calls that were answered beside the reloads, and those that were not. */
  readonly answered: number;
  readonly failed: number;
}

/** Callers beside the reloads, and rows of each call. */
export const [CALLERS, ROWS] = [4, 8];

const MODEL = 'model';
/** Of the reloads that are measured. */
const WARM_UP_SHARE = 0.25;
const FLAGS = ['--default-model', MODEL, '--inference', 'worker', '--admin-calls', 'on', '--models-poll-ms', '0'];

/**
 * A model of the default preset in `serve`, with drift and an inference thread, that is replaced again and again: a new version is
 * copied, LoadModel puts it in the place of the one before, and that is removed; callers score all the while.
 */
export async function measureReloads(root: string, reloads: number): Promise<Reloads> {
  const trained = await trainedModel();
  const folderOf = (version: number): string => join(root, MODEL, String(version));
  await cp(trained, folderOf(0), { recursive: true });
  const server = await startServe(['--models', root, ...FLAGS]);
  const client = startChild('load.ts');
  const service = openService(server.port);
  const calling = keepCalling(client, server.port);
  const mebibytes: number[] = [];
  const warmUp = Math.ceil(reloads * WARM_UP_SHARE);
  let seconds = 0;
  try {
    for (let reload = 1; reload <= warmUp + reloads; reload++) {
      await cp(trained, folderOf(reload), { recursive: true });
      const startedMs = performance.now();
      await service.load(MODEL);
      const tookMs = performance.now() - startedMs;
      await rm(folderOf(reload - 1), { recursive: true });
      if (reload <= warmUp) continue;
      seconds += tookMs / 1000;
      mebibytes.push(residentMebibytesOf(server.pid));
    }
    const tenths = toTenths(mebibytes);
    const leastMebibytes = tenths.map((tenth) => Math.min(...tenth));
    const mostMebibytes = tenths.map((tenth) => Math.max(...tenth));
    const secondsEach = seconds / reloads;
    return { reloads, warmUp, leastMebibytes, mostMebibytes, secondsEach, ...(await calling.stop()) };
  } finally {
    service.close();
    await client.stop();
    await server.stop();
  }
}

function toTenths(values: readonly number[]): number[][] {
  const size = Math.ceil(values.length / 10);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, tenth) =>
    values.slice(tenth * size, (tenth + 1) * size),
  );
}

/** Callers who call again when they are answered, until they are stopped. */
function keepCalling(client: Child, port: number) {
  const load: Load = {
    ...{ client: 'wire', port, path: SCORE_PATH, request: scoreRequest(ROWS), connections: 1, seconds: 1 },
    shape: { kind: 'closed', callers: CALLERS },
  };
  let [going, answered, failed] = [true, 0, 0];
  const done = (async () => {
    while (going) {
      const { statuses } = (await client.ask(load)) as LoadResult;
      for (const [status, calls] of Object.entries(statuses)) {
        if (status === '0') answered += calls;
        else failed += calls;
      }
    }
  })();
  // Told to whoever stops them.
  done.catch(() => undefined);
  return {
    stop: async () => {
      going = false;
      await done;
      return { answered, failed };
    },
  };
}
