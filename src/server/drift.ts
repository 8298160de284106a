import type { Logger } from 'pino';
import type { DetectorDescription } from '../scoring/detector.ts';
import {
  createDriftMonitor,
  shiftedFields,
  type DriftMonitor,
  type DriftSummary,
} from '../scoring/drift/drift-monitor.ts';
import type { ServeConfig } from './config.ts';

/** Fields that the warning names. */
const NAMED_FIELDS = 5;

/** Watches the served model's traffic; one warning where it drifts. Undefined where the model does not tell its training rows. */
export function watchDrift(
  { schema, trainingColumns: columns, trainingRows }: DetectorDescription,
  {
    driftAlarmProbability: alarmProbability,
    driftWindow: window,
  }: Pick<ServeConfig, 'driftAlarmProbability' | 'driftWindow'>,
  log: Pick<Logger, 'warn'>,
): DriftMonitor | undefined {
  if (columns === undefined) return undefined;
  const onAlarm = (summary: DriftSummary): void => log.warn(...describeAlarm(summary));
  return createDriftMonitor({ schema, columns, trainingRows, window, alarmProbability, onAlarm });
}

function describeAlarm(summary: DriftSummary): [facts: object, message: string] {
  const { scores, alarmProbability } = summary;
  const shifted = shiftedFields(summary).slice(0, NAMED_FIELDS);
  const facts = {
    alarmAtRow: scores.alarmAtRow,
    alarmProbability,
    shifted: shifted.map(({ name, stabilityIndex }) => ({ field: name, stabilityIndex })),
  };
  const fields =
    shifted.length === 0
      ? 'no single field has shifted much from the training rows'
      : `fields that shifted most from the training rows: ${shifted.map(({ name }) => name).join(', ')}`;
  const message =
    `scores have drifted (row ${String(scores.alarmAtRow)}; by chance with probability below ${alarmProbability}); ${fields}. ` +
    'Look at the latest records, and train again if they are the new normal';
  return [facts, message];
}
