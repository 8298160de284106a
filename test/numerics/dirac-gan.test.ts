import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { playDirac, type DiracGame, type DiracState } from '../../bench/families/dirac.ts';
import { DIRAC_GAMES } from '../../bench/families/dirac-games.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';

const { sqrt, hypot, abs, log, atan2, PI } = Math;
const GAN = DIRAC_GAMES.minimax;
const H = GAN.learningRate;
/** Slope of the logistic objective at the equilibrium, f'(0). */
const SLOPE = 1 / 2;
/** Near enough to the equilibrium for its linear part to be all of it. */
const NEAR: DiracState = { theta: 0.02, psi: 0.02 };

const radius = ({ theta, psi }: DiracState): number => hypot(theta, psi);
const largest = (states: readonly DiracState[], of: (state: DiracState) => number): number =>
  states.reduce((most, state) => Math.max(most, of(state)), -Infinity);

/** How fast the swings of theta shrink, per unit of time (h = one update), from the first turning point to the last. */
function decay(states: readonly DiracState[], learningRate: number): number {
  const size = states.map(({ theta }) => abs(theta));
  const peaks = size.flatMap((value, at) =>
    value > (size[at - 1] ?? Infinity) && value > (size[at + 1] ?? Infinity) ? [at] : [],
  );
  const [first, last] = [peaks[0]!, peaks.at(-1)!];
  return -log(size[last]! / size[first]!) / ((last - first) * learningRate);
}

/** Full turns around the equilibrium; clockwise, from theta towards -psi, counts up. */
function turns(states: readonly DiracState[]): number {
  return states.slice(1).reduce((sum, { theta, psi }, index) => {
    const before = states[index]!;
    return sum - atan2(before.theta * psi - before.psi * theta, before.theta * theta + before.psi * psi) / (2 * PI);
  }, 0);
}

describe('the Dirac-GAN, as Mescheder 2018 has it', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());
  const play = (game: DiracGame, updates: number, start?: DiracState): Promise<DiracState[]> =>
    playDirac(executor, game, updates, start);

  describe('the plain GAN (figure 3a)', () => {
    it('orbits for ever: it comes no nearer and gets no further away', async () => {
      const states = await play(GAN, 6000);
      const [first, last] = [states.slice(0, 600), states.slice(-600)];
      expect(largest(last, radius) / largest(first, radius)).toBeCloseTo(1, 2);
      expect(largest(last, (state) => -radius(state)) / largest(first, (state) => -radius(state))).toBeCloseTo(1, 2);
    });

    it("turns clockwise by arccos(1 - (h f'(0))^2 / 2) an update near the equilibrium", async () => {
      const angle = Math.acos(1 - (H * SLOPE) ** 2 / 2);
      expect(turns(await play(GAN, 5000, NEAR))).toBeCloseTo((5000 * angle) / (2 * PI), 1);
    });

    it("is driven outwards by sqrt(1 + (h f'(0))^2) an update where both move at once", async () => {
      const states = await play(DIRAC_GAMES.simultaneous, 1000, NEAR);
      expect(states.every((state, at) => at === 0 || radius(state) > radius(states[at - 1]!))).toBe(true);
      expect(radius(states[100]!) / radius(NEAR)).toBeCloseTo((1 + (H * SLOPE) ** 2) ** 50, 3);
    });
  });

  describe('the non-saturating GAN (figure 3b)', () => {
    // d(r^2)/dt = -2 theta psi tanh(theta psi / 2), whose mean over a turn is -r^4 / 8: no rate, only 1/r^2 = 1/r0^2 + t/8.
    it('comes nearer more slowly than at any rate: 1/r^2 grows by 1/8 in a unit of time', async () => {
      const states = await play(DIRAC_GAMES['non-saturating'], 6000);
      for (const at of [3000, 6000]) {
        const around = states.slice(at - 130, at + 1);
        const mean = around.reduce((sum, state) => sum + 1 / radius(state) ** 2, 0) / around.length;
        expect(mean / (1 / 2 + ((at - 65) * H) / 8)).toBeCloseTo(1, 1);
      }
    });

    // Moving at once adds h^2 r^2 / 4 an update, which balances h r^4 / 8 at r^2 = 2 h.
    it('stays at the radius sqrt(2 h) where both move at once, from the inside and from the outside', async () => {
      const game: DiracGame = { ...DIRAC_GAMES['non-saturating'], order: 'simultaneous' };
      for (const start of [{ theta: 1, psi: 1 }, NEAR]) {
        const last = (await play(game, 6000, start)).slice(-130);
        const mean = last.reduce((sum, state) => sum + radius(state), 0) / last.length;
        expect(mean / sqrt(2 * H)).toBeCloseTo(1, 1);
      }
    });
  });

  describe('WGAN (figure 3c)', () => {
    it('keeps hψ² + aθ² - ahθψ for ever without clipping, a = h times the updates of the critic', async () => {
      const unclipped: DiracGame = { ...DIRAC_GAMES.wgan, regulariser: { kind: 'none', weight: 0 } };
      const a = H * unclipped.criticSteps;
      const kept = ({ theta, psi }: DiracState): number => H * psi ** 2 + a * theta ** 2 - a * H * theta * psi;
      const states = await play(unclipped, 3000);
      for (const state of states) expect(kept(state) / kept(states[0]!)).toBeCloseTo(1, 3);
    });

    it('settles with clipping on the widest orbit that fits between the clips, not at the equilibrium', async () => {
      const states = (await play(DIRAC_GAMES.wgan, 4000)).slice(-500);
      const { weight, criticSteps } = { ...DIRAC_GAMES.wgan, weight: DIRAC_GAMES.wgan.regulariser.weight };
      expect(largest(states, ({ psi }) => abs(psi))).toBeLessThanOrEqual(weight);
      expect(largest(states, ({ psi }) => abs(psi))).toBeGreaterThan(0.95 * weight);
      expect(largest(states, ({ theta }) => abs(theta)) / (weight / sqrt(criticSteps))).toBeCloseTo(1, 1);
    });
  });

  // For psi to change its sign theta must push harder than the penalty: |theta| > 2 lambda, in every swing.
  it('WGAN-GP does not converge (figure 3d): theta swings beyond 2 lambda to both sides, for ever', async () => {
    const { regulariser } = DIRAC_GAMES['wgan-gp'];
    const states = await play(DIRAC_GAMES['wgan-gp'], 4000);
    const windows = [states.slice(-2000, -1000), states.slice(-1000)];
    for (const window of windows) {
      expect(largest(window, ({ theta }) => theta)).toBeGreaterThan(2 * regulariser.weight);
      expect(largest(window, ({ theta }) => -theta)).toBeGreaterThan(2 * regulariser.weight);
    }
    const [before, after] = windows.map((window) => largest(window, ({ theta }) => theta));
    expect(after! / before!).toBeCloseTo(1, 1);
  });

  const noisy = (noise: number): DiracGame => ({ ...GAN, noise, learningRate: 0.02 });
  const penalised = (weight: number, kind: 'r1' | 'r2' = 'r1'): DiracGame => ({
    ...GAN,
    learningRate: 0.02,
    regulariser: { kind, weight },
  });

  it.each([0.5, 0.7, 1])(
    'converges with instance noise of deviation %s (figure 3f), at the rate sigma^2 / 4',
    async (noise) => {
      const rate = decay(await play(noisy(noise), 1000, NEAR), 0.02);
      expect(abs(rate / (noise ** 2 / 4) - 1)).toBeLessThan(0.02);
    },
  );

  it.each([0.1, 0.3, 0.6])(
    'converges with R1 of weight %s and with R2 (figure 3g), at the rate gamma / 2',
    async (gamma) => {
      for (const kind of ['r1', 'r2'] as const) {
        const rate = decay(await play(penalised(gamma, kind), 2000, NEAR), 0.02);
        expect(abs(rate / (gamma / 2) - 1)).toBeLessThan(0.02);
      }
    },
  );

  it("converges fastest with R1 where the damping is critical, gamma = 2 f'(0) (figure 3h)", async () => {
    const end = async (gamma: number): Promise<number> => {
      return radius((await play(penalised(gamma), 1500, NEAR)).at(-1)!);
    };
    const critical = await end(2 * SLOPE);
    expect(critical).toBeLessThan((await end(0.6)) / 2);
    expect(critical).toBeLessThan((await end(1.6)) / 2);
  });

  it('takes the same course with R1, R2 and the zero-centred penalty between rows, whose slopes are all psi', async () => {
    const r1 = await play(DIRAC_GAMES.r1, 300);
    const r2 = await play({ ...DIRAC_GAMES.r1, regulariser: { kind: 'r2', weight: 0.3 } }, 300);
    const between = await play({ ...DIRAC_GAMES.r1, regulariser: { kind: 'zero-centred', weight: 0.15 } }, 300);
    r1.forEach(({ theta, psi }, at) => {
      for (const other of [r2[at]!, between[at]!]) {
        expect(other.theta).toBeCloseTo(theta, 5);
        expect(other.psi).toBeCloseTo(psi, 5);
      }
    });
  });

  it('converges with the Wasserstein objective, too, once the penalty is zero-centred', async () => {
    const game: DiracGame = { ...GAN, objective: 'wasserstein', regulariser: { kind: 'r1', weight: 0.3 } };
    expect(radius((await play(game, 1000)).at(-1)!)).toBeLessThan(1e-3);
  });

  it('runs away at the same rate where the penalty has the wrong sign: the test bed sees signs', async () => {
    const rate = decay(await play(penalised(-0.3), 2000, { theta: 1e-4, psi: 1e-4 }), 0.02);
    expect(abs(rate / -0.15 - 1)).toBeLessThan(0.02);
  });
});
