/**
 * A test martingale on p-values: the capital of a gambler who starts with 1 and bets against "these p-values are independent
 * and uniform". While that is so, no strategy gains: the capital reaches 1 / a at any time at all with probability at most a
 * (Ville 1939). Conformal test martingales: Vovk, Gammerman and Shafer 2005, section 7.1; Vovk et al. 2021, "Retrain or not
 * retrain" (COPA, PMLR 152).
 *
 * The gambler mixes simple bets and the rows at which betting starts: of the reserve R(n) = 1 / log2(n + 2), which is 1 at
 * first, a little is staked before each row, in equal parts on every bet of `BETS`, and stays there. So the capital is the
 * mean of martingales that start at every row, and after a million calm rows the reserve is still 1/20: a change is seen as
 * quickly as after a thousand. (A martingale that bets from the first row on is bankrupt by then.)
 */
export interface Martingale {
  /** Takes a p-value in [0, 1); gives the capital after it, Infinity once it has been beyond 1e200. */
  bet(pValue: number): number;
  readonly rows: number;
  /** Natural logarithm of the capital now. */
  readonly logCapital: number;
  /** Natural logarithm of the largest capital so far. */
  readonly logLargest: number;
}

/** Bets are step functions on so many equal cells of [0, 1); they integrate to 1 by construction. */
const CELLS = 100;

/** Capital that is written down apart, so that no product overflows: a long series of wins is a million digits. */
const MOST = 1e200;

/** Local names, for speed in vm contexts (base/philox-block.ts). */
const { floor, log2 } = Math;

/** Density of a bet in the middle of a cell, up to a factor. */
type Bet = (p: number) => number;

/** Puts `mass` on p-values below `share`: more, or stranger, anomalies. */
const low = (share: number, mass: number): Bet => {
  const [inside, outside] = [mass / share, (1 - mass) / (1 - share)];
  return (p) => (p < share ? inside : outside);
};
/** The other end: rows become more usual than they were. */
const high = (share: number, mass: number): Bet => {
  const bet = low(share, mass);
  return (p) => bet(1 - p);
};
/** Fewer rows at either end: the rows vary less than they did. */
const middle: Bet = (p) => (p < 0.25 || p >= 0.75 ? 0.7 : 1.3);

/** The first two are those of the Simple Jumper (Vovk et al. 2021); the others are for the tail, where alarms come from. */
const BETS: readonly Bet[] = [
  (p) => 1 + (p - 0.5),
  (p) => 1 - (p - 0.5),
  low(0.1, 0.2),
  low(0.1, 0.5),
  low(0.01, 0.03),
  low(0.01, 0.1),
  low(0.01, 0.5),
  high(0.1, 0.2),
  middle,
];

export function createMartingale(): Martingale {
  const factors = toFactors(BETS);
  const bets = BETS.length;
  const stakes = new Float64Array(bets);
  let rows = 0;
  /** Fields of one object, which are written in place: variables that a closure shares would be made anew for each row. `logUnit`: logarithm of what the others were divided by. */
  const capital = { reserve: 1, total: 1, largest: 1, logUnit: 0 };
  const writeApart = (): void => {
    capital.logUnit += Math.log(MOST);
    for (let bet = 0; bet < bets; bet++) stakes[bet]! /= MOST;
    capital.total /= MOST;
    capital.largest /= MOST;
    capital.reserve /= MOST;
  };
  return {
    bet: (pValue) => {
      rows++;
      const { reserve } = capital;
      const next = capital.logUnit === 0 ? 1 / log2(rows + 2) : reserve;
      const staked = (reserve - next) / bets;
      let total = next;
      const first = floor(pValue * CELLS) * bets;
      for (let bet = 0; bet < bets; bet++) {
        const stake = (stakes[bet]! + staked) * factors[first + bet]!;
        stakes[bet] = stake;
        total += stake;
      }
      capital.reserve = next;
      capital.total = total;
      if (total > capital.largest) capital.largest = total;
      if (total > MOST) writeApart();
      return capital.logUnit === 0 ? total : Infinity;
    },
    get rows() {
      return rows;
    },
    get logCapital() {
      return Math.log(capital.total) + capital.logUnit;
    },
    get logLargest() {
      return Math.log(capital.largest) + capital.logUnit;
    },
  };
}

/** What each bet pays in each cell, [CELLS, bets]: its density there, over the mean of its densities. */
function toFactors(bets: readonly Bet[]): Float64Array {
  const factors = new Float64Array(CELLS * bets.length);
  bets.forEach((bet, index) => {
    const densities = Array.from({ length: CELLS }, (_, cell) => bet((cell + 0.5) / CELLS));
    const mean = densities.reduce((sum, density) => sum + density, 0) / CELLS;
    densities.forEach((density, cell) => (factors[cell * bets.length + index] = density / mean));
  });
  return factors;
}
