import {
  add,
  broadcastTo,
  constant,
  detach,
  mean,
  multiply,
  negate,
  reshape,
  slice,
  softplus,
  sqrt,
  square,
  subtract,
  sum,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { between, PENALTIES, squaredGradientNorm } from '../losses.ts';
import { concatRows, exchange } from './exchange.ts';
import { noiseWidth } from './head.ts';
import { beside } from './networks.ts';
import type { RadialStep } from './plan.ts';
import type { Union } from './union.ts';

export interface RadialLossOptions {
  readonly objective: keyof typeof OBJECTIVES;
  /** Weight of the two-sided gradient penalty of the critics; 0 for none. */
  readonly lambda: number;
  /** Weights of the adversarial loss (alpha), of both cycles, of the latent cycle, and of moving shared columns. */
  readonly adversarialWeight: number;
  readonly cycleWeight: number;
  readonly latentCycleWeight: number;
  readonly identityWeight: number;
  /** Whether cycle losses are roots of mean squares, as norms, and not mean squares. */
  readonly rootCycles: boolean;
  /** Whether flags and levels of translated rows are drawn, and not probabilities. */
  readonly drawn: boolean;
}

interface Losses {
  readonly loss: Tensor;
  readonly reports: Readonly<Record<string, Tensor>>;
}

/** [sources, n, 1] -> the means of all sources, added up: a source's critic is trained the same, however many there are. */
const overSources = (x: Tensor): Tensor => sum(mean(x, [1, 2]));

/** What all critics minimise, from their outputs on real and on translated rows [sources, n, 1], and what all coders do. */
const OBJECTIVES = {
  /** Arjovsky 2017, equation 2. */
  wasserstein: {
    critics: (real: Tensor, fake: Tensor): Tensor => subtract(overSources(fake), overSources(real)),
    coders: (fake: Tensor): Tensor => negate(overSources(fake)),
  },
  /** Goodfellow 2014, equation 1 by logits, non-saturating for the coders. */
  logistic: {
    critics: (real: Tensor, fake: Tensor): Tensor =>
      add(overSources(softplus(fake)), overSources(softplus(negate(real)))),
    coders: (fake: Tensor): Tensor => overSources(softplus(negate(fake))),
  },
} as const;

const ROOT_FLOOR = 1e-8;

/**
 * The critics' losses, summed over sources: D_j is high on rows of source j and low on rows translated to it. Equation 1 of
 * the paper by logits, or the Wasserstein form with a gradient penalty over rows and classes, between real and translated.
 */
export function criticLosses(parts: RadialStep, name: string): Losses {
  const { step, networks, options, batch, union, draw } = parts;
  const sources = union.sources.length;
  const translated = translate(parts, draw(`from.${name}`), `critic.${name}`);
  const fake = detach(beside(translated.x, translated.y));
  const own = draw(`real.${name}`);
  const real = beside(own.x, own.y);
  const f = networks.critic.apply(concatRows(real, fake), step.parameters); // [sources, 2 batch, 1]
  const [fReal, fFake] = [slice(f, 1, 0, batch), slice(f, 1, batch, 2 * batch)];
  const objective = OBJECTIVES[options.objective].critics(fReal, fFake);
  const estimate = subtract(mean(fReal), mean(fFake));
  if (options.lambda === 0) return { loss: objective, reports: { criticLoss: objective, criticEstimate: estimate } };
  const mixed = between(real, fake, step.uniform(`mix.${name}`, [sources, batch, 1]));
  const slope = squaredGradientNorm(networks.critic.apply(mixed, step.parameters), mixed); // [sources, batch]
  const penalty = multiply(PENALTIES['two-sided'](slope), sources);
  const loss = add(objective, multiply(penalty, options.lambda));
  return { loss, reports: { criticLoss: loss, penalty, criticEstimate: estimate } };
}

/**
 * The coders' losses, summed over sources (equations 2 and 3 of the paper, and the identity penalty that is ours):
 *
 *   z = G_i(x_i),  x~ = F_j(z),  z~ = G_j(x~)
 *   adversarial(D_j(x~)) + |F_i(z) - x_i| + |F_i(z~) - x_i| + |z~ - z| + |x~ - x_i| over the columns that i and j share
 */
export function coderLosses(parts: RadialStep): Losses {
  const { step, networks, options, union, draw } = parts;
  const { x, y } = draw('coder');
  const translated = translate(parts, { x, y }, 'coder');
  const latentAgain = networks.encode(translated.x, translated.y, step.parameters);
  const decode = (z: Tensor): Tensor => networks.decode(z, y, step.parameters, maskOf(union), null);
  const f = networks.critic.apply(beside(translated.x, translated.y), step.parameters);
  const adversarial = OBJECTIVES[options.objective].coders(f);
  const norm = options.rootCycles ? (v: Tensor): Tensor => sqrt(add(v, ROOT_FLOOR)) : (v: Tensor): Tensor => v;
  const cycle = (back: Tensor): Tensor => sum(norm(perColumn(square(subtract(back, x)), union)));
  const cycles = add(cycle(decode(translated.z)), cycle(decode(exchange(latentAgain, 'back'))));
  const latent = sum(norm(mean(square(subtract(latentAgain, exchange(translated.z))), [1, 2])));
  const moved = square(subtract(translated.x, exchange(x)));
  const identity = sum(perColumn(multiply(moved, sharedMask(parts)), union));
  const weighted = [
    multiply(adversarial, options.adversarialWeight),
    multiply(cycles, options.cycleWeight),
    multiply(latent, options.latentCycleWeight),
    multiply(identity, options.identityWeight),
  ];
  return {
    loss: weighted.reduce(add),
    reports: { adversarialLoss: adversarial, cycleLoss: cycles, latentLoss: latent, identityLoss: identity },
  };
}

/** Rows of each source, [sources, batch, ..], as rows of the others: x~ and its classes by target, z by source. */
function translate(
  { step, networks, options, union, batch }: RadialStep,
  { x, y }: { readonly x: Tensor; readonly y: Tensor | null },
  name: string,
): { readonly x: Tensor; readonly y: Tensor | null; readonly z: Tensor } {
  const noiseShape = [union.sources.length, batch, noiseWidth(union)];
  const noise = options.drawn && noiseWidth(union) > 0 ? step.uniform(`levels.${name}`, noiseShape) : null;
  const z = networks.encode(x, y, step.parameters);
  const classes = y && exchange(y);
  return { x: networks.decode(exchange(z), classes, step.parameters, maskOf(union), noise), y: classes, z };
}

/** Squares [sources, batch, width] -> for each source their sum over its columns by their number, mean over rows: [sources]. */
function perColumn(squares: Tensor, { masks, sources }: Union): Tensor {
  const columns = masks.map(
    (mask) =>
      1 /
      Math.max(
        1,
        mask.reduce((total, each) => total + each, 0),
      ),
  );
  return multiply(mean(sum(squares, [2]), [1]), constant(columns, [sources.length]));
}

/** [sources, 1, width] */
function maskOf({ masks, sources, width }: Union): Tensor {
  return constant(
    masks.flatMap((mask) => [...mask]),
    [sources.length, 1, width],
  );
}

/** 1 where the target and the source of a row both have the column, [sources, batch, width]. */
function sharedMask({ union, batch }: RadialStep): Tensor {
  const { masks, width } = union;
  const sources = masks.length;
  const others = sources - 1;
  const values = masks.flatMap((mask, target) =>
    Array.from({ length: others }, (_, index) => masks[(target + index + 1) % sources]!)
      .map((from) => mask.map((each, column) => each * from[column]!))
      .flatMap((shared) => [...shared]),
  );
  const apart = broadcastTo(constant(values, [sources, others, 1, width]), [sources, others, batch / others, width]);
  return reshape(apart, [sources, batch, width]);
}
