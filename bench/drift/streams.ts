import { createRandom } from '../../src/base/philox.ts';
import { createScoreDrift } from '../../src/scoring/drift/score-drift.ts';

export const PROBABILITIES = [0.2, 0.1, 0.05, 0.01] as const;

export interface FalseAlarms {
  readonly streams: number;
  readonly rows: number;
  /** Streams on which an alarm at this probability would have been raised, at any row. */
  readonly alarms: readonly { readonly probability: number; readonly streams: number }[];
  readonly largestLog10: number;
}

/** Runs exchangeable streams; one pass tells for all probabilities, for an alarm is where the martingale's largest value lies. */
export function countFalseAlarms(
  streams: number,
  window: number,
  streamAt: (seed: number) => Float32Array,
): FalseAlarms {
  const largest: number[] = [];
  let rows = 0;
  for (let seed = 0; seed < streams; seed++) {
    const scores = streamAt(seed);
    rows = scores.length;
    const drift = createScoreDrift({ alarmProbability: 0.01, window, random: createRandom(seed) });
    drift.observe(scores);
    largest.push(drift.summary.log10Largest);
  }
  const alarms = PROBABILITIES.map((probability) => ({
    probability,
    streams: largest.filter((each) => each >= -Math.log10(probability)).length,
  }));
  return { streams, rows, alarms, largestLog10: Math.max(...largest) };
}

export interface Delays {
  readonly streams: number;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Streams that raised their alarm before anything changed. */
  readonly early: number;
  readonly missed: number;
  /** Rows from the change to the alarm, over the streams that raised it after the change; NaN where there is none. */
  readonly median: number;
  readonly ninetieth: number;
  readonly longest: number;
}

/** Rows from a change to its alarm at 0.01. */
export function measureDelays(
  streams: number,
  window: number,
  streamAt: (seed: number) => { readonly before: Float32Array; readonly after: Float32Array },
): Delays {
  const delays: number[] = [];
  let [early, missed, rowsBefore, rowsAfter] = [0, 0, 0, 0];
  for (let seed = 0; seed < streams; seed++) {
    const { before, after } = streamAt(seed);
    [rowsBefore, rowsAfter] = [before.length, after.length];
    const drift = createScoreDrift({ alarmProbability: 0.01, window, random: createRandom(seed) });
    if (drift.observe(before)) early++;
    else if (drift.observe(after)) delays.push(drift.summary.alarmAtRow! - rowsBefore);
    else missed++;
  }
  delays.sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.ceil(share * delays.length) - 1] ?? NaN;
  return { streams, rowsBefore, rowsAfter, early, missed, median: at(0.5), ninetieth: at(0.9), longest: at(1) };
}

/** Standard normal scores. */
export function normalScores(seed: number, rows: number): Float32Array {
  const scores = new Float32Array(rows);
  createRandom(seed).stream('scores').fillNormal(scores, 0);
  return scores;
}

export function shuffle(scores: Float32Array, seed: number): Float32Array {
  const order = createRandom(seed).stream('shuffle').permutation(scores.length);
  return Float32Array.from(order, (row) => scores[row]!);
}

/** `rows` scores, a share of them drawn from `anomalies`, the rest from `normals`. */
export function mix(
  normals: Float32Array,
  anomalies: Float32Array,
  { share, rows, seed }: { readonly share: number; readonly rows: number; readonly seed: number },
): Float32Array {
  const [coins, places] = [new Float32Array(rows), new Float32Array(rows)];
  const stream = createRandom(seed).stream('mix');
  stream.fillUniform(coins, 0);
  stream.fillUniform(places, 1);
  return coins.map((coin, row) => {
    const from = coin < share ? anomalies : normals;
    return from[Math.floor(places[row]! * from.length)]!;
  });
}
