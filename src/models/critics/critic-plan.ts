import type { Tensor } from '../../graph/tensor.ts';
import type { ParameterValues } from '../layers/parameters.ts';
import type { TrainingTask } from '../task.ts';

/** Name of the shared input that holds the compact training rows, [rows, compactWidth]. */
export const TRAINING_ROWS = 'rows';

/** A critic to be trained, and how it scores afterwards. */
export interface CriticPlan {
  readonly task: TrainingTask;
  /** `own`: the family's critic, trained against its generator; `member`: a detecting critic. */
  readonly role: 'own' | 'member';
  /**
   * Which rows the critic puts high. A paper's critic puts normal rows high and is negated once, in the exported graph; a
   * detecting critic is trained with high = anomalous.
   */
  readonly high: 'normal' | 'anomalous';
  /** Weight of its standardised score in the sum. */
  readonly weight: number;
  /** f(x): expanded rows [n, expandedWidth] -> [n, 1]. */
  score(x: Tensor, values: ParameterValues): Tensor;
  readonly generator?: GeneratorPlan;
}

export interface GeneratorPlan {
  /** Width of the noise that the network takes. */
  readonly latent: number;
  /** Width of the noise by which levels are drawn from what the network answers. */
  readonly levelNoise: number;
  /**
   * Latent z [n, latent] and, where the model has conditions, their columns [n, conditionWidth], else null -> the network's
   * linear outputs [n, made]: numbers, sines, cosines, and a logit for each level, of the columns that are no conditions.
   */
  outputs(z: Tensor, conditions: Tensor | null, values: ParameterValues): Tensor;
  /** Outputs, and normal noise [n, levelNoise] -> generated expanded rows [n, expandedWidth] with these conditions. */
  toRows(outputs: Tensor, noise: Tensor, conditions: Tensor | null): Tensor;
}
