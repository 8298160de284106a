import { toAristarchError } from '../../src/base/errors.ts';
import { DEVICES, type Executor } from '../../src/runtime/executor.ts';
import type { HardwareKind } from '../../src/runtime/hardware/hardware.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { openTfjsExecutor } from '../../src/runtime/tfjs/executor.ts';
import { createAristarchOn } from '../step/aristarch.ts';
import type { StepSize } from '../step/peer.ts';
import { openTorchFigures } from './torch.ts';
import { FEATURES, STEP_ROWS, type Figure } from './figures.ts';
import { openStyleGan, type TakeSteps } from './games.ts';
import { openCritic, rateOf } from './scoring.ts';

/** What is measured: the devices, TF.js on wasm where that is not what `tfjs` is, and PyTorch beside them. */
export const MEASURED = [...DEVICES, 'tfjs-wasm', 'pytorch'] as const;
export type Measured = (typeof MEASURED)[number];

/** Something that figures are measured on. */
export interface Machine {
  /** Engine, version, threads. */
  readonly description: string;
  /** The processor or GPU that computes, as the engine says that was opened. */
  readonly hardware: string;
  readonly kind: HardwareKind;
  /** Of a figure, a second. */
  measure(figure: Figure, forMs: number): Promise<number>;
}

/** Opens one, or says why it is not there. */
export async function openMachine(name: Measured, python: string): Promise<Machine | string> {
  if (name === 'pytorch') return openTorchFigures(python);
  try {
    return onExecutor(await open(name));
  } catch (thrown) {
    return toAristarchError(thrown).message;
  }
}

function open(name: Exclude<Measured, 'pytorch'>): Promise<Executor> {
  const options = { threads: 1, warn: console.error };
  return name === 'tfjs-wasm'
    ? openTfjsExecutor({ ...options, packages: ['@tensorflow/tfjs-backend-wasm'] })
    : openExecutor({ ...options, device: name });
}

const sizeOfStep = (width: number): StepSize => ({
  ...{ batch: STEP_ROWS, features: FEATURES, latent: FEATURES, rows: 10_000, hidden: [width, width], threads: 1 },
});

function onExecutor(executor: Executor): Machine {
  return {
    description: executor.description,
    ...{ hardware: executor.hardware.name, kind: executor.hardware.kind },
    async measure(figure, forMs) {
      if (figure.kind === 'score') return rateOf(await openCritic(executor, figure.width), figure.rows, forMs);
      if (figure.kind === 'style') return perSecond(await openStyleGan(executor, figure.size), forMs);
      const peer = await createAristarchOn(executor, sizeOfStep(figure.width));
      return perSecond((steps) => peer.run(steps).then(() => undefined), forMs);
    },
  };
}

/** The most steps of a figure. */
const MOST_STEPS = 500;

/** Steps a second: one to warm up, one to see how many there is time for, then those. */
async function perSecond(take: TakeSteps, forMs: number): Promise<number> {
  await take(1);
  const onceMs = await timeOf(take, 1);
  const steps = Math.max(1, Math.min(MOST_STEPS, Math.round(forMs / onceMs)));
  return (1000 * steps) / (await timeOf(take, steps));
}

async function timeOf(take: TakeSteps, steps: number): Promise<number> {
  const start = performance.now();
  await take(steps);
  return performance.now() - start;
}
