import { createRandom } from '../../base/philox.ts';
import { createPopulation, type FieldDrift, type PopulationOptions } from './population.ts';
import { createScoreDrift, type ScoreDriftSummary } from './score-drift.ts';

export interface DriftMonitorOptions extends PopulationOptions {
  /** Probability of a false alarm of the martingale, ever, in (0, 1). */
  readonly alarmProbability: number;
  /** Told once, when the martingale raises its alarm. */
  readonly onAlarm: (summary: DriftSummary) => void;
}

export interface DriftSummary {
  readonly alarmProbability: number;
  readonly window: number;
  readonly scores: ScoreDriftSummary;
  /** Rows that the fields' figures are made of, faded; at most the window. */
  readonly fieldRows: number;
  readonly fields: readonly FieldDrift[];
}

/** What came lately, against what came before (scores) and against the training rows (fields). For one served model. */
export interface DriftMonitor {
  /** Takes scored rows, in order: raw rows packed, and a score for each. */
  observe(rows: Float32Array, scores: Float32Array): void;
  summary(): DriftSummary;
}

/** Of the ties and drops of the bag: any fixed seed does, for nobody who sends rows sees or chooses it. */
const SEED = 1;

export function createDriftMonitor({ onAlarm, alarmProbability, ...options }: DriftMonitorOptions): DriftMonitor {
  const { window } = options;
  const population = createPopulation(options);
  const scoreDrift = createScoreDrift({ alarmProbability, window, random: createRandom(SEED) });
  const summary = (): DriftSummary => ({
    ...{ alarmProbability, window, scores: scoreDrift.summary },
    ...{ fieldRows: population.rows, fields: population.fields },
  });
  return {
    observe: (rows, scores) => {
      population.observe(rows);
      if (scoreDrift.observe(scores)) onAlarm(summary());
    },
    summary,
  };
}

/** A field above this has shifted much, by the usual rule (Siddiqi 2006). */
const LARGE_SHIFT = 0.25;

/** Fields that have shifted much, most first. */
export function shiftedFields({ fields }: Pick<DriftSummary, 'fields'>): FieldDrift[] {
  return fields
    .filter(({ stabilityIndex }) => stabilityIndex > LARGE_SHIFT)
    .sort((a, b) => b.stabilityIndex - a.stabilityIndex);
}
