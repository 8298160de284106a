import { shiftedFields, type DriftSummary } from '../../../scoring/drift/drift-monitor.ts';

/** Drift as the page shows it; bounded, whatever the number of fields. */
export interface ShownDrift {
  /** Number of the record at which the alarm was raised; null before. */
  readonly alarmAtRow: number | null;
  /** Largest value of the martingale so far, as odds against "nothing has changed", and those that raise the alarm. */
  readonly largestOdds: number;
  readonly alarmOdds: number;
  /** Fields that have shifted much. */
  readonly shifted: number;
  readonly fieldCount: number;
  /** Those that have shifted most, most first. */
  readonly fields: readonly ShownFieldDrift[];
}

export interface ShownFieldDrift {
  readonly name: string;
  readonly index: number;
  readonly missing: number;
  readonly trainingMissing: number;
  readonly unseen: number;
}

const MOST_FIELDS = 6;
const MOST_ODDS = 1e9;

export function toShownDrift(summary: DriftSummary): ShownDrift {
  const { scores, fields } = summary;
  // What is beyond all numbers is none in JSON.
  const alarmOdds = Math.min(Number.MAX_VALUE, 1 / summary.alarmProbability);
  const most = [...fields].sort((a, b) => b.stabilityIndex - a.stabilityIndex).slice(0, MOST_FIELDS);
  return {
    alarmAtRow: scores.alarmAtRow ?? null,
    largestOdds: Math.min(Math.max(MOST_ODDS, alarmOdds), round(10 ** scores.log10Largest)),
    alarmOdds,
    shifted: shiftedFields(summary).length,
    fieldCount: fields.length,
    fields: most.map(({ name, stabilityIndex, missingShare, trainingMissingShare, unseenShare }) => ({
      name,
      index: round(stabilityIndex),
      missing: round(missingShare),
      trainingMissing: round(trainingMissingShare),
      unseen: round(unseenShare),
    })),
  };
}

/** Three digits: a message is sent where what is shown has changed, not at each row. */
const round = (value: number): number => Number(value.toPrecision(3));
