import type { Random } from '../../base/philox.ts';
import { createMartingale } from './martingale.ts';
import { createScoreBag } from './score-bag.ts';

export interface ScoreDriftOptions {
  /** Probability of ever raising an alarm while scores are exchangeable, in (0, 1). */
  readonly alarmProbability: number;
  /** Scores that a new one is compared with. */
  readonly window: number;
  readonly random: Random;
}

export interface ScoreDriftSummary {
  /** Scores taken. */
  readonly rows: number;
  /** log10 of the martingale now; 0 at the start. */
  readonly log10Martingale: number;
  /** log10 of the largest value it ever had. */
  readonly log10Largest: number;
  /** The alarm is raised where the martingale reaches this: log10(1 / alarmProbability). */
  readonly log10Threshold: number;
  /** Number of the row (from 1) at which the alarm was raised; it stays raised. Absent before. */
  readonly alarmAtRow?: number;
}

/** Watches a stream of scores for any departure from exchangeability: rows that come later differ from earlier ones. */
export interface ScoreDrift {
  /** Takes scores in the order in which they came. True where the alarm was raised by one of them. */
  observe(scores: Float32Array): boolean;
  readonly summary: ScoreDriftSummary;
}

/** Random numbers drawn at a time. */
const BLOCK = 1024;

/**
 * Scores -> online p-values within a randomised bag -> test martingale. While scores are exchangeable the alarm is ever
 * raised with probability at most `alarmProbability`, over a stream of any length: exactly, by score-bag.ts and Ville's
 * inequality. The same stream and seed give the same result, however the stream is cut into calls.
 */
export function createScoreDrift({ alarmProbability, window, random }: ScoreDriftOptions): ScoreDrift {
  const bag = createScoreBag(window);
  const martingale = createMartingale();
  const stream = random.stream('drift');
  const ties = new Float32Array(BLOCK);
  const drops = new Float32Array(BLOCK);
  let alarmAtRow: number | undefined;
  const draw = (block: number): void => {
    stream.fillUniform(ties, block);
    stream.fillIntegers(drops, block, window + 1);
  };
  return {
    observe: (scores) => {
      const before = alarmAtRow;
      for (let index = 0; index < scores.length; index++) {
        const { rows } = martingale;
        if (rows % BLOCK === 0) draw(rows / BLOCK);
        const pValue = bag.exchange(scores[index]!, ties[rows % BLOCK]!, drops[rows % BLOCK]!);
        if (martingale.bet(pValue) * alarmProbability >= 1) alarmAtRow ??= rows + 1;
      }
      return before === undefined && alarmAtRow !== undefined;
    },
    get summary() {
      const { rows, logCapital, logLargest } = martingale;
      return {
        rows,
        log10Martingale: logCapital / Math.LN10,
        log10Largest: logLargest / Math.LN10,
        log10Threshold: -Math.log10(alarmProbability),
        ...(alarmAtRow !== undefined && { alarmAtRow }),
      };
    },
  };
}
