import { AristarchError } from '../base/errors.ts';
import { matchColumns } from '../models/features/match-columns.ts';
import { rawRowBatches } from '../models/features/raw-rows.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import type { Table } from '../tables/table.ts';
import type { Detector } from './detector.ts';
import { toLabels, type LabelColumn, type LabelRule, type Labels } from './labels.ts';
import type { PeerRecorder } from './peers/measure-peers.ts';
import { absentPeers, type PeerResults } from './peers/run-peers.ts';
import { rankingMetrics, type RankingMetrics } from './ranking-metrics.ts';

export interface EvaluateParts {
  readonly detector: Detector;
  readonly table: Table;
  /** Name of the label column. */
  readonly label: string;
  readonly rule: LabelRule;
  /** What to compare with, or why there is nothing. */
  readonly peers: PeerRecorder | { readonly absent: string };
  /** Told the number of rows that are scored. */
  readonly onRows: (done: number) => void;
  /** Told when every row is scored and the peers begin. */
  readonly onPeers: () => void;
}

export interface Evaluation extends RankingMetrics {
  readonly model: string;
  readonly modelVersion: string;
  readonly family: string;
  readonly device: string;
  readonly rows: number;
  readonly normals: number;
  readonly anomalies: number;
  readonly normalValues: readonly string[];
  readonly anomalyValues: readonly string[];
  /** The model's own rate, the threshold there, and what it does to these rows. */
  readonly falsePositiveRate: number;
  readonly threshold: number;
  /** Whether rows are judged by the thresholds of their groups instead. */
  readonly isGrouped: boolean;
  readonly realisedFalseAlarmRate: number;
  readonly recallAtThreshold: number;
  /** Columns that the model does not know. */
  readonly ignoredColumns: readonly string[];
  readonly peers: PeerResults;
  /** Training rows that the peers had; 0 where they are absent. */
  readonly peerTrainingRows: number;
}

/** Scores labelled rows and says how well the scores tell normal from anomalous, beside peers on the same rows. */
export async function evaluate(parts: EvaluateParts): Promise<Evaluation> {
  const { detector, table, label, rule } = parts;
  const { description } = detector;
  checkLabelIsNoField(description.schema, label);
  const { extra } = matchColumns(table.columns, description.schema);
  const labels = toLabels(await readLabels(table, label), rule);
  const { scores, verdicts } = await scoreRows(parts);
  const threshold = detector.thresholdAt(description.falsePositiveRate);
  const rates = flaggedShares(verdicts, labels);
  return {
    model: description.name,
    modelVersion: description.version,
    family: description.family,
    device: description.device,
    rows: scores.length,
    normals: rates.normals,
    anomalies: rates.anomalies,
    normalValues: labels.normalValues,
    anomalyValues: labels.anomalyValues,
    ...rankingMetrics(scores, labels.anomalous),
    falsePositiveRate: description.falsePositiveRate,
    threshold,
    isGrouped: description.calibration.groups !== undefined,
    realisedFalseAlarmRate: rates.flaggedNormals / rates.normals,
    recallAtThreshold: rates.flaggedAnomalies / rates.anomalies,
    ignoredColumns: extra.filter((name) => name !== label),
    ...(await measurePeers(parts, labels)),
  };
}

function checkLabelIsNoField({ fields }: FeatureSchema, label: string): void {
  if (!fields.some(({ name }) => name === label)) return;
  const message = `the model looks at "${label}", so that it cannot be judged by it: train again with --exclude ${label}`;
  throw new AristarchError('INVALID_INPUT', message, { label });
}

/** Reads only the label, before anything is scored, so that a wrong flag is known at once. */
async function readLabels(table: Table, name: string): Promise<LabelColumn> {
  const codes = new Uint32Array(table.rowCount);
  const codeOf = new Map<string, number>();
  for await (const { beside, firstRow } of rawRowBatches(table, { fields: [], excluded: [] }, { beside: [name] })) {
    beside[name]!.forEach((value, index) => {
      codes[firstRow + index] = codeFor(codeOf, value ?? absentLabel(name, firstRow + index));
    });
  }
  return { name, values: [...codeOf.keys()], codes };
}

function codeFor(codeOf: Map<string, number>, value: string): number {
  const known = codeOf.get(value);
  if (known !== undefined) return known;
  codeOf.set(value, codeOf.size);
  return codeOf.size - 1;
}

function absentLabel(name: string, row: number): never {
  const message = `row ${row} has no label in "${name}": leave such rows out with --where '"${name}" IS NOT NULL'`;
  throw new AristarchError('INVALID_INPUT', message, { label: name, row });
}

async function scoreRows({ detector, table, peers, onRows }: EvaluateParts) {
  const scores = new Float32Array(table.rowCount);
  const verdicts = new Uint8Array(table.rowCount);
  for await (const { rows, firstRow, count } of rawRowBatches(table, detector.description.schema)) {
    const batch = await detector.score(rows);
    scores.set(batch.scores, firstRow);
    verdicts.set(batch.verdicts, firstRow);
    if ('record' in peers) await peers.record(rows);
    onRows(firstRow + count);
  }
  return { scores, verdicts };
}

function flaggedShares(verdicts: Uint8Array, { anomalous }: Labels) {
  const counts = { normals: 0, anomalies: 0, flaggedNormals: 0, flaggedAnomalies: 0 };
  verdicts.forEach((flagged, row) => {
    const anomaly = anomalous[row] === 1;
    counts[anomaly ? 'anomalies' : 'normals'] += 1;
    counts[anomaly ? 'flaggedAnomalies' : 'flaggedNormals'] += flagged;
  });
  return counts;
}

async function measurePeers({ peers, onPeers }: EvaluateParts, { anomalous }: Labels) {
  if (!('record' in peers)) return { peers: absentPeers(peers.absent), peerTrainingRows: 0 };
  onPeers();
  return peers.measure(anomalous);
}
