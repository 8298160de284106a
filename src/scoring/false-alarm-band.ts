/** Counts between which a beta-binomial count lies with at least the asked probability; both ends included. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** What split-conformal calibration promises of one cell. */
export interface FalseAlarmLaw {
  /** Calibration rows, n. */
  readonly calibrationRows: number;
  /** Fresh normal rows that are scored, m. */
  readonly freshRows: number;
  readonly rate: number;
}

/**
 * The central band of the number of false alarms. With continuous scores a share Beta(k, n + 1 - k) of all normal rows lies
 * above the threshold, k = floor(rate (n + 1)), and the count among m fresh rows is beta-binomial (Vovk 2012, proposition 2;
 * Angelopoulos and Bates 2021, section 3.2). Null where k = 0: such a rate is refused. `level`: 0.95, say.
 */
export function falseAlarmBand({ calibrationRows: n, freshRows: m, rate }: FalseAlarmLaw, level: number): Band | null {
  const k = alarmsAllowed(n, rate);
  return k === 0 ? null : betaBinomialBand(m, k, n + 1 - k, level);
}

/** The largest k with k / (n + 1) <= rate; the division decides, as it does in the p-value. */
function alarmsAllowed(n: number, rate: number): number {
  const guess = Math.round(rate * (n + 1));
  return guess / (n + 1) <= rate ? guess : guess - 1;
}

/** Quantiles (1 - level) / 2 and (1 + level) / 2 of BetaBinomial(m, a, b); a and b are whole numbers from 1 on. */
export function betaBinomialBand(m: number, a: number, b: number, level: number): Band {
  const tail = (1 - level) / 2;
  let logP = logProbabilityOfNone(m, a, b);
  let cumulative = Math.exp(logP);
  let [low, count] = [cumulative >= tail ? 0 : -1, 0];
  while (cumulative < 1 - tail && count < m) {
    logP += Math.log(((m - count) * (a + count)) / ((count + 1) * (b + m - count - 1)));
    cumulative += Math.exp(logP);
    count++;
    if (low < 0 && cumulative >= tail) low = count;
  }
  return { low, high: count };
}

/** log B(a, b + m) / B(a, b), as a product over a: exact where a is a whole number. */
function logProbabilityOfNone(m: number, a: number, b: number): number {
  let total = 0;
  for (let i = 0; i < a; i++) total += Math.log((b + i) / (b + m + i));
  return total;
}
