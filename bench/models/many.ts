import { z } from 'zod';
import { residentMebibytesOf } from '../serve/child.ts';
import { startServe, type Aristarch } from '../serve/servers.ts';
import { FEATURES } from './generate.ts';
import { openService, type Service } from './service.ts';

export interface Many {
  readonly models: number;
  readonly maxLoaded: number;
  readonly mebibytesBefore: number;
  /** After each round, in which every model has scored a record. */
  readonly mebibytes: readonly number[];
  /** Models that are open after the last round. */
  readonly open: number;
  /** A call of the last round, and one more by the model that was asked last. */
  readonly milliseconds: { readonly lastRound: number; readonly again: number };
}

export interface ManyOptions {
  readonly names: readonly string[];
  readonly maxLoaded: number;
  readonly rounds: number;
}

const FIELD = 'tenant';
/** Calls by a model that is open, of which the mean is taken. */
const CALLS_AGAIN = 50;

/** `serve` with a folder of many models, of which each record names one by a field. */
export async function measureMany(folder: string, { names, maxLoaded, rounds }: ManyOptions): Promise<Many> {
  const flags = ['--model-field', FIELD, '--max-loaded-models', String(maxLoaded), '--models-poll-ms', '0'];
  const server = await startServe(['--models', folder, '--default-model', names[0]!, ...flags]);
  const service = openService(server.port);
  try {
    const mebibytesBefore = residentMebibytesOf(server.pid);
    const mebibytes: number[] = [];
    let lastRound = 0;
    for (let round = 0; round < rounds; round++) {
      lastRound = await callEach(service, names);
      mebibytes.push(residentMebibytesOf(server.pid));
    }
    const again = await callEach(service, Array<string>(CALLS_AGAIN).fill(names.at(-1)!));
    const open = await openModelsOf(server);
    return { models: names.length, maxLoaded, mebibytesBefore, mebibytes, open, milliseconds: { lastRound, again } };
  } finally {
    service.close();
    await server.stop();
  }
}

/** Milliseconds of a call, the mean. */
async function callEach(service: Service, names: readonly string[]): Promise<number> {
  const numbers = Object.fromEntries(Array.from({ length: FEATURES }, (_, index) => [`f${index}`, 0]));
  const startedMs = performance.now();
  for (const name of names) await service.score({ ...numbers, [FIELD]: name });
  return (performance.now() - startedMs) / names.length;
}

async function openModelsOf({ httpPort }: Aristarch): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  return z.coerce.number().parse(/^aristarch_models_open (\d+)$/m.exec(text)?.[1]);
}
