import { mean, negate, softplus } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { logisticLoss, wassersteinLoss } from '../losses.ts';

/**
 * What critic and generator minimise, from the critic's outputs f on real and on generated rows, [n, 1] each. For the two
 * logistic ones D = sigmoid(f): f is the logit, and every loss is written by it, so that nothing overflows. The score of a row
 * is f for all of them, high on normal rows; a sigmoid would change no ranking and lose the digits of far rows.
 */
export interface AdversarialObjective {
  readonly source: string;
  critic(real: Tensor, fake: Tensor): Tensor;
  generator(fake: Tensor): Tensor;
}

export const ADVERSARIAL_OBJECTIVES = {
  /** min over G of mean log(1 - D(G(z))) = mean -softplus(f). */
  minimax: {
    source: 'Goodfellow et al. 2014, equation 1 and algorithm 1',
    critic: logisticLoss,
    generator: (fake) => negate(mean(softplus(fake))),
  },
  /** max over G of mean log D(G(z)): the same critic, and a generator whose gradient does not vanish where the critic wins. */
  'non-saturating': {
    source: 'Goodfellow et al. 2014, section 3',
    critic: logisticLoss,
    generator: (fake) => mean(softplus(negate(fake))),
  },
  wasserstein: {
    source: 'Arjovsky et al. 2017, equation 2 and algorithm 1; Gulrajani et al. 2017, equation 2',
    critic: wassersteinLoss,
    generator: (fake) => negate(mean(fake)),
  },
} as const satisfies Record<string, AdversarialObjective>;
export type ObjectiveName = keyof typeof ADVERSARIAL_OBJECTIVES;
