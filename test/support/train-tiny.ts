import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { resolveTrainConfig } from '../../src/training/config.ts';
import type { TrainResult } from '../../src/training/export-model.ts';
import { trainModel, type TrainHooks } from '../../src/training/train.ts';

/** A record of the small shop whose orders are normal: every kind of field, missing values, a heavy tail. */
export type Order = {
  /** Depends on the colour: around 20 for red, 40 for blue, 80 for green. */
  readonly price: number;
  readonly items: number;
  /** Missing in one of ten. */
  readonly weight: number | null;
  readonly colour: 'red' | 'blue' | 'green';
  /** Items above 4 are always wrapped. */
  readonly wrapped: boolean;
  /** During the day, UTC. */
  readonly at: string;
};

const COLOURS = ['red', 'blue', 'green'] as const;

/** Normal orders, the same for the same seed. */
export function normalOrders(count: number, seed = 1): Order[] {
  const stream = createRandom(seed).stream('orders');
  const [normal, uniform] = [new Float32Array(3), new Float32Array(6)];
  return Array.from({ length: count }, (_, row) => {
    stream.fillNormal(normal, row);
    stream.fillUniform(uniform, row);
    const [a = 0, b = 0] = normal;
    const [p = 0, q = 0, r = 0, s = 0, t = 0] = uniform;
    const colour = p < 0.6 ? 0 : p < 0.9 ? 1 : 2;
    const items = 1 + Math.floor(6 * q * q);
    const time = new Date(Date.UTC(2024, 0, 1 + Math.floor(100 * s), 8 + Math.floor(10 * t), Math.floor(60 * q)));
    return {
      price: Number((20 * 2 ** colour * Math.exp(0.2 * a)).toFixed(2)),
      items,
      weight: r < 0.1 ? null : Number((items * (1 + 0.1 * b)).toFixed(3)),
      colour: COLOURS[colour],
      wrapped: items > 4,
      at: time.toISOString(),
    };
  });
}

/** An order that no normal one is like. */
export const ODD_ORDER = {
  price: 9000,
  items: 60,
  weight: -5,
  colour: 'black',
  wrapped: false,
  at: '2024-01-01T03:00:00Z',
} as const;

type Cell = string | number | boolean | null;

export function toCsv(records: readonly Readonly<Record<string, Cell>>[]): string {
  const names = Object.keys(records[0] ?? {});
  const lines = records.map((record) => names.map((name) => String(record[name] ?? '')));
  return `${[names, ...lines].map((cells) => cells.join(',')).join('\n')}\n`;
}

/** Few steps of small networks: a second or two. */
export const TINY_SETTINGS = { steps: 60, hidden: [24, 24], fourierFeatures: 16, batch: 32, device: 'cpu' } as const;

export interface TinyRun {
  /** Folder of the model. */
  readonly folder: string;
  readonly result: TrainResult;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Trains as the command does, on a file, with `TINY_SETTINGS` unless the settings say otherwise. */
export async function trainTiny(
  settings: { readonly data?: string; readonly out: string } & Readonly<Record<string, unknown>>,
  hooks: Partial<TrainHooks> = {},
): Promise<TinyRun> {
  const [notes, warnings]: [string[], string[]] = [[], []];
  const { data, ...others } = settings;
  const file = { ...TINY_SETTINGS, ...others, ...(data !== undefined && { data: [data] }) };
  const result = await trainModel(resolveTrainConfig({ flags: {}, env: {}, file }), {
    note: (message) => void notes.push(message),
    warn: (message) => void warnings.push(message),
    onUpdates: () => undefined,
    signal: new AbortController().signal,
    now: () => new Date(Date.UTC(2026, 0, 1)),
    seconds: () => performance.now() / 1000,
    ...hooks,
  });
  return { folder: result.model, result, notes, warnings };
}

/** A model of orders, trained before the tests of a file and removed after them. */
export function useTinyModel(settings: Readonly<Record<string, unknown>> = {}, rows = 400): () => TinyRun {
  let home = '';
  let run: TinyRun | undefined;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'aristarch-tiny-'));
    const data = join(home, 'orders.csv');
    await writeFile(data, toCsv(normalOrders(rows)));
    run = await trainTiny({ data, out: join(home, 'orders'), ...settings });
  }, 180_000);
  afterAll(() => rm(home, { recursive: true, force: true }));
  return () => {
    if (!run) throw new Error('the model is trained in beforeAll: use it inside a test');
    return run;
  };
}
