import type { Tensor } from '../../graph/tensor.ts';
import { decayAt } from '../optimisers/weight-average.ts';
import type { StepBuilder } from '../step-builder.ts';
import type { Parameter } from './parameters.ts';

/**
 * One use of a network inside a training step: what layers may do there, and never where a network scores or generates - draw
 * noise, look at a row's batch mates, and renew what they keep.
 */
export interface TrainingPass {
  /** U(0, 1), of this pass alone. */
  uniform(name: string, shape: readonly number[]): Tensor;
  /** The rows are so many batches, one after another; real rows are in the first. */
  readonly batches: number;
  /** Renews what a layer keeps; null in a pass that leaves it as it is. */
  readonly keep: ((kept: Parameter, value: Tensor) => void) | null;
  /** Decay of running means at this update. */
  decay(): Tensor;
}

/** Of the running means that stand for batches in scoring. */
const RUNNING_DECAY = 0.99;

export interface PassOptions {
  /** Unique in its step; prefix of what it draws. */
  readonly name: string;
  readonly batches: number;
  /** Number of the update that renews what layers keep, from the number of the training step; null for none. */
  readonly renewing: ((step: number) => number) | null;
}

export function createTrainingPass(step: StepBuilder, { name, batches, renewing }: PassOptions): TrainingPass {
  return {
    batches,
    uniform: (of, shape) => step.uniform(`${name}.${of}`, shape),
    keep: renewing && ((kept, value) => step.update(kept.name, value)),
    decay: () => step.schedule(`${name}.decay`, (at) => decayAt(RUNNING_DECAY, renewing?.(at) ?? 0), false),
  };
}
