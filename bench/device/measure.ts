import { resolve } from 'node:path';
import { type HardwareKind, processorName } from '../../src/runtime/hardware/hardware.ts';
import { startChild, type Child } from '../serve/child.ts';
import { FIGURES, isLarger, nameOf, type Figure } from './figures.ts';
import type { Measured } from './machines.ts';
import type { Hello, Question } from './worker.ts';

/** A rate a second; `over` where a figure ran into the limit, or a smaller one of its kind did; `failed` where the machine's driver or engine did. */
export type Rate = number | 'over' | 'failed';

/** What a device did. */
export interface DeviceResult {
  readonly device: Measured;
  readonly hardware: string;
  /** Absent of what was measured before it was asked for. */
  readonly kind?: HardwareKind;
  readonly description: string;
  /** The processor of the machine. */
  readonly machine: string;
  readonly measuredAt: string;
  readonly limitSeconds: number;
  /** By the figure's name. */
  readonly rates: Readonly<Record<string, Rate>>;
}
/** A device that cannot be used here, and why. */
export interface AbsentDevice {
  readonly device: Measured;
  readonly reason: string;
}

export interface MeasureOptions {
  /** Milliseconds for each figure, about. */
  readonly forMs: number;
  /** Milliseconds after which a figure is given up. */
  readonly limitMs: number;
  readonly python: string;
  readonly figures?: readonly Figure[];
  /** Of a process that measures; another one for tests. */
  readonly start?: () => Child;
  readonly now: () => Date;
}

const ROOT = resolve(import.meta.dirname, '../..');
const LATE = Symbol('late');
/** TensorFlow or a driver may take a minute to start on a new GPU. */
const START_MS = 120_000;

/** Measures the figures one by one in a process of its own, which is replaced where one ran into the limit or ended it. */
export async function measureDevice(device: Measured, options: MeasureOptions): Promise<DeviceResult | AbsentDevice> {
  const { forMs, limitMs, python, figures = FIGURES, start = () => startChild('../device/worker.ts'), now } = options;
  let child = start();
  const ask = (question: Partial<Question>, ms: number) =>
    within(child.ask({ name: device, python, forMs, ...question }), ms);
  const greet = (): Promise<unknown> => ask({}, START_MS).catch((thrown: unknown) => ({ reason: String(thrown) }));
  try {
    const hello = (await greet()) as Hello | typeof LATE;
    if (hello === LATE) return { device, reason: `it did not start within ${START_MS / 1000} s` };
    if ('reason' in hello) return { device, reason: hello.reason.replaceAll(`${ROOT}/`, '') };
    const rates: Record<string, Rate> = {};
    const given: Figure[] = [];
    for (const figure of figures) {
      if (given.some((smaller) => isLarger(figure, smaller))) {
        rates[nameOf(figure)] = 'over';
        continue;
      }
      const rate = await ask({ figure }, limitMs).catch(() => 'failed' as const);
      rates[nameOf(figure)] = rate === LATE ? 'over' : (rate as Rate);
      if (typeof rate === 'number') continue;
      if (rate === LATE) given.push(figure);
      end(child);
      child = start();
      await greet();
    }
    const about = { machine: processorName(), measuredAt: now().toISOString().slice(0, 10) };
    return { device, ...hello, ...about, limitSeconds: limitMs / 1000, rates };
  } finally {
    end(child);
  }
}

/** At once: it may be deep in an engine's call. */
function end(child: Child): void {
  try {
    process.kill(child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => (timer = setTimeout(() => resolve(LATE), ms)));
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
