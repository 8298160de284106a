import { shiftedFields, type DriftSummary } from '../../scoring/drift/drift-monitor.ts';
import type { Instruments } from './instruments.ts';

/** Fields with series of their own: a model of 1,500 columns must not make 4,500 series. The largest index covers all. */
const MOST_FIELDS = 200;

/** How what the default model scores differs from what it was trained on. */
export function driftMetrics({ gauge }: Instruments) {
  const ofField = (name: string, help: string) =>
    gauge(`drift_field_${name}`, `${help} The first ${MOST_FIELDS} fields only.`, { labelNames: ['field'] });
  return {
    martingale: gauge(
      'drift_martingale_log10',
      'log10 of the test martingale on the scores; large values speak of drift.',
    ),
    largest: gauge('drift_martingale_largest_log10', 'The largest value of aristarch_drift_martingale_log10 so far.'),
    threshold: gauge('drift_alarm_threshold_log10', 'Value of aristarch_drift_martingale_log10 that raises the alarm.'),
    alarm: gauge(
      'drift_alarm',
      '1 once the martingale has reached its threshold, until the process starts anew; else 0.',
    ),
    fieldsShifted: gauge('drift_fields_shifted', 'Fields with a stability index above 0.25.'),
    largestIndex: gauge('drift_stability_index_largest', 'Largest stability index of all fields.'),
    index: ofField('stability_index', 'Population stability index of the latest rows against the training rows.'),
    missing: ofField('missing_ratio', 'Share of missing values among the latest rows.'),
    unseen: ofField('unseen_ratio', 'Share of levels that training did not see, among the latest rows.'),
  };
}

export function setDrift(metrics: ReturnType<typeof driftMetrics>, summary: DriftSummary | undefined): void {
  // Another model may have other fields.
  for (const gauge of [metrics.index, metrics.missing, metrics.unseen]) gauge.reset();
  if (summary === undefined) return;
  const { scores, fields } = summary;
  metrics.martingale.set(scores.log10Martingale);
  metrics.largest.set(scores.log10Largest);
  metrics.threshold.set(scores.log10Threshold);
  metrics.alarm.set(scores.alarmAtRow === undefined ? 0 : 1);
  metrics.fieldsShifted.set(shiftedFields(summary).length);
  metrics.largestIndex.set(Math.max(0, ...fields.map(({ stabilityIndex }) => stabilityIndex)));
  for (const { name: field, stabilityIndex, missingShare, unseenShare } of fields.slice(0, MOST_FIELDS)) {
    metrics.index.set({ field }, stabilityIndex);
    metrics.missing.set({ field }, missingShare);
    metrics.unseen.set({ field }, unseenShare);
  }
}
