import { add, concat, detach, mean, multiply, rows, square, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Network, Parameter } from '../layers/parameters.ts';
import { createTrainingPass } from '../layers/training-pass.ts';
import { between, squaredGradientNorm } from '../losses.ts';
import { updateParameters, type OptimiserOptions } from '../optimisers/optimiser.ts';
import { averageWeights, decayAt } from '../optimisers/weight-average.ts';
import type { StepBuilder } from '../step-builder.ts';
import { ADVERSARIAL_OBJECTIVES, type ObjectiveName } from './objectives.ts';
import { REGULARISERS, type Regulariser, type RegulariserName } from './regularisers.ts';

/** Who plays: a critic, a generator, and where their rows come from. Draws are named after the turn: `latent.0`. */
export interface Players {
  readonly critic: Network;
  readonly generator: { readonly parameters: readonly Parameter[] };
  /** Rows of the data for a turn, [batch, d]. */
  real(step: StepBuilder, turn: string): Tensor;
  /** Generated rows for a turn, [batch, d]; `real` are the rows that the critic compares them with, null on the generator's turn. */
  fake(step: StepBuilder, turn: string, real: Tensor | null): Tensor;
  /** Where on the segments between real and generated rows the critic's slope is looked at: U(0, 1), [batch, 1]. */
  mixing(step: StepBuilder, turn: string): Tensor;
  /** 1 for the columns that penalties see, [1, d]; null for all. */
  readonly free: Tensor | null;
}

export interface GameRules {
  readonly objective: ObjectiveName;
  readonly regulariser: Regularisation;
  /** Weight of mean f(x)^2 over real rows in the critic's loss, which keeps f near 0: Karras et al. 2018, appendix A.1; none when absent. */
  readonly drift?: number;
  /** Updates of the critic for each update of the generator. */
  readonly criticSteps: number;
  readonly order: keyof typeof ORDERS;
  readonly criticOptimiser: OptimiserOptions;
  readonly generatorOptimiser: OptimiserOptions;
  /** Decay of the average of the generator's weights; 0 for none. */
  readonly generatorAverage: number;
  /** Steps that were played before by the same networks, whose optimisers and averages go on; none when absent. */
  readonly stepsBefore?: number;
}

export interface Regularisation {
  readonly kind: RegulariserName;
  readonly weight: number;
  /**
   * A penalty is a part of every so manyeth update of the critic only, at so many times its weight: lazy regularisation,
   * Karras et al. 2020, appendix B. There it has an update of its own; here it shares that of the objective, so that the
   * optimiser's decays need no correction.
   */
  readonly interval: number;
}

/** How often each plays in one step of the program. */
export function turnsOf({ criticSteps, regulariser }: Pick<GameRules, 'criticSteps' | 'regulariser'>): Turns {
  const interval = REGULARISERS[regulariser.kind].penalty === null ? 1 : regulariser.interval;
  let generator = 1;
  while ((generator * criticSteps) % interval !== 0) generator += 1;
  return { generator, critic: generator * criticSteps };
}

export interface Turns {
  readonly critic: number;
  readonly generator: number;
}

/** The first call finds the loss, by all weights as they are; what it answers takes the update. */
type Turn = () => () => void;

/** Who moves first: whether the generator answers the critic's last update, or both move from where both were. */
const ORDERS = {
  /** Goodfellow 2014, algorithm 1; Mescheder 2018, section 2. */
  alternating: (critic: Turn, generator: Turn): void => {
    critic()();
    generator()();
  },
  simultaneous: (critic: Turn, generator: Turn): void => {
    const updates = [critic(), generator()];
    updates.forEach((update) => update());
  },
} as const;

interface CriticReports {
  readonly criticLoss: Tensor;
  readonly penalty: Tensor | null;
  readonly wassersteinEstimate: Tensor;
}

/**
 * Writes one step of a game between a critic and a generator: rounds of `criticSteps` updates of the critic and one of the
 * generator, as many rounds as it takes until the penalty's turn comes round (one where it is a part of every update).
 * Reports criticLoss, penalty (where there is one), wassersteinEstimate (what the critic sees between real and generated
 * rows, whatever the objective) and generatorLoss, each a mean over the step.
 */
export function writeGame(step: StepBuilder, players: Players, rules: GameRules): void {
  const turns = turnsOf(rules);
  const ofCritic: CriticReports[] = [];
  const generatorLosses: Tensor[] = [];
  const criticTurn = (index: number): Turn => playCritic(step, players, rules, index, (each) => ofCritic.push(each));
  for (let round = 0; round < turns.generator; round++) {
    const first = round * rules.criticSteps;
    const last = first + rules.criticSteps - 1;
    for (let index = first; index < last; index++) criticTurn(index)()();
    const generatorTurn = playGenerator(step, players, rules, round, (loss) => generatorLosses.push(loss));
    ORDERS[rules.order](criticTurn(last), generatorTurn);
  }
  step.report('criticLoss', meanOf(ofCritic.map(({ criticLoss }) => criticLoss)));
  const penalties = ofCritic.flatMap(({ penalty }) => penalty ?? []);
  if (penalties.length > 0) step.report('penalty', meanOf(penalties));
  step.report('wassersteinEstimate', meanOf(ofCritic.map((each) => each.wassersteinEstimate)));
  step.report('generatorLoss', meanOf(generatorLosses));
}

const meanOf = (values: readonly Tensor[]): Tensor => multiply(values.reduce(add), 1 / values.length);

function playCritic(
  step: StepBuilder,
  players: Players,
  rules: GameRules,
  index: number,
  report: (reports: CriticReports) => void,
): Turn {
  return () => {
    const { critic } = players;
    const turn = `${index}`;
    const real = players.real(step, turn);
    const fake = detach(players.fake(step, turn, real));
    const { shape } = real;
    const batch = Number(shape[0]);
    const updates = turnsOf(rules).critic;
    const update = (at: number): number => (at + (rules.stepsBefore ?? 0)) * updates + index;
    const pass = createTrainingPass(step, { name: `critic.${turn}`, batches: 2, renewing: update });
    const f = critic.apply(concat([real, fake], 0), step.parameters, pass); // [2 batch, 1]
    const [fReal, fFake] = [rows(f, 0, batch), rows(f, batch, 2 * batch)];
    const { kind, weight, interval } = rules.regulariser;
    const regulariser: Regulariser = REGULARISERS[kind];
    const penalty =
      regulariser.penalty === null || index % interval !== 0
        ? null
        : regulariser.penalty({
            atReal: () => slopeAt(step, players, `real.${turn}`, real),
            atFake: () => slopeAt(step, players, `fake.${turn}`, fake),
            between: () => slopeAt(step, players, `mixed.${turn}`, between(fake, real, players.mixing(step, turn))),
          });
    const apart = ADVERSARIAL_OBJECTIVES[rules.objective].critic(fReal, fFake);
    const objective = rules.drift ? add(apart, multiply(mean(square(fReal)), rules.drift)) : apart;
    const loss = penalty ? add(objective, multiply(penalty, weight * regulariser.factor * interval)) : objective;
    report({ criticLoss: loss, penalty, wassersteinEstimate: subtract(mean(fReal), mean(fFake)) });
    const { constrain } = regulariser;
    return () => {
      updateParameters(step, rules.criticOptimiser, {
        ...{ name: `criticUpdate.${turn}`, loss, parameters: critic.parameters, update },
        constrain: constrain && ((value) => constrain(value, weight)),
      });
    };
  };
}

/** With a layer that looks at batch mates it is the slope of their sum, as in Karras et al. 2018. */
function slopeAt(step: StepBuilder, { critic, free }: Players, name: string, x: Tensor): Tensor {
  const pass = createTrainingPass(step, { name: `slope.${name}`, batches: 1, renewing: null });
  return squaredGradientNorm(critic.apply(x, step.parameters, pass), x, free);
}

function playGenerator(
  step: StepBuilder,
  players: Players,
  rules: GameRules,
  round: number,
  report: (loss: Tensor) => void,
): Turn {
  return () => {
    const turn = generatorTurn(round);
    const fake = players.fake(step, turn, null);
    const pass = createTrainingPass(step, { name: `critic.${turn}`, batches: 1, renewing: null });
    const loss = ADVERSARIAL_OBJECTIVES[rules.objective].generator(players.critic.apply(fake, step.parameters, pass));
    report(loss);
    const { parameters } = players.generator;
    const rounds = turnsOf(rules).generator;
    const update = (at: number): number => (at + (rules.stepsBefore ?? 0)) * rounds + round;
    return () => {
      updateParameters(step, rules.generatorOptimiser, { name: `generatorUpdate.${round}`, loss, parameters, update });
      if (rules.generatorAverage === 0) return;
      averageWeights(step, {
        ...{ parameters, name: `generatorAverage.${round}`, update },
        decay: (n) => decayAt(rules.generatorAverage, n),
      });
    };
  };
}

/** The name of the generator's turn in a round. */
export const generatorTurn = (round: number): string => (round === 0 ? 'generator' : `generator.${round}`);
