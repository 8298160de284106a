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
  readonly latent: number;
  /**
   * Latent z [n, latent] -> generated expanded rows [n, expandedWidth], whose condition columns [n, conditionWidth] are those
   * given, null where the model has no conditions.
   */
  generate(z: Tensor, conditions: Tensor | null, values: ParameterValues): Tensor;
}
