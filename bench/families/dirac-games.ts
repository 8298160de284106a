import type { DiracGame } from './dirac.ts';

/** The plain game of Goodfellow 2014, critic and generator in turn. */
const GAN: DiracGame = {
  ...{ objective: 'minimax', criticSteps: 1, order: 'alternating', learningRate: 0.1, noise: 0 },
  regulariser: { kind: 'none', weight: 0 },
};
/** Critics of the Wasserstein distance take five updates for each of the generator, as their papers have it. */
const WASSERSTEIN: DiracGame = { ...GAN, objective: 'wasserstein', criticSteps: 5 };

/**
 * The games of Mescheder 2018, figure 3, from (1, 1), without consensus optimisation, which this project has not; beside them
 * the game in which both move at once. The logistic objective has slope 1/2 at the equilibrium, so that R1 is damped
 * critically at gamma = 1.
 */
export const DIRAC_GAMES = {
  simultaneous: { ...GAN, order: 'simultaneous' },
  minimax: GAN,
  'non-saturating': { ...GAN, objective: 'non-saturating' },
  wgan: { ...WASSERSTEIN, regulariser: { kind: 'clip', weight: 1 } },
  'wgan-gp': { ...WASSERSTEIN, regulariser: { kind: 'gradient-penalty', weight: 0.25 } },
  noise: { ...GAN, noise: 0.7 },
  r1: { ...GAN, regulariser: { kind: 'r1', weight: 0.3 } },
  'r1-critical': { ...GAN, regulariser: { kind: 'r1', weight: 1 } },
} as const satisfies Record<string, DiracGame>;
export type DiracName = keyof typeof DIRAC_GAMES;

/** For people: the game, and what theory says of it; test/numerics/dirac-gan.test.ts holds the game to it. */
export const DIRAC_TEXTS: { readonly [D in DiracName]: { readonly title: string; readonly theory: string } } = {
  simultaneous: { title: 'GAN, both at once', theory: 'driven outwards by the factor sqrt(1 + (h/2)²) an update' },
  minimax: { title: 'GAN', theory: 'orbits for ever: purely imaginary eigenvalues' },
  'non-saturating': {
    title: 'non-saturating GAN',
    theory: 'the same eigenvalues; nearer without a rate, 1/r² = 1/r₀² + t/8',
  },
  wgan: { title: 'WGAN, clipped', theory: 'the widest orbit between the clips, θ up to c / sqrt(n_critic)' },
  'wgan-gp': { title: 'WGAN-GP', theory: 'swings for ever, θ beyond 2λ to both sides' },
  noise: { title: 'GAN, instance noise', theory: 'converges at the rate σ²/4' },
  r1: { title: 'GAN, R1', theory: 'converges at the rate γ/2' },
  'r1-critical': { title: 'GAN, R1, critical', theory: 'converges fastest at γ = 1, without a turn' },
};
