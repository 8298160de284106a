import { defineSettings } from '../../base/settings.ts';
import { share, wholeNumber } from '../../base/setting-schemas.ts';

/** Settings of how drift is watched; docs/drift.md. */
export const DRIFT_SETTINGS = defineSettings({
  driftAlarmProbability: {
    schema: share(),
    default: 0.01,
    flag: '--drift-alarm-probability <probability>',
    env: 'ARISTARCH_DRIFT_ALARM_PROBABILITY',
    help: 'probability of ever raising the alarm of drift while scores do not change, however long the server runs',
    source: 'Ville 1939; docs/drift.md',
    group: 'Drift',
  },
  driftWindow: {
    schema: wholeNumber({ min: 100, max: 100_000 }),
    default: 10_000,
    flag: '--drift-window <rows>',
    env: 'ARISTARCH_DRIFT_WINDOW',
    help: 'rows that a new one is compared with; a longer window sees slower drift, and costs more for each row',
    unit: 'rows',
    source: 'docs/drift.md',
    group: 'Drift',
  },
});
