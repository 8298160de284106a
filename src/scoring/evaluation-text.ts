import { alignColumns } from '../base/command-line.ts';
import { showCount } from '../base/progress.ts';
import { showRate } from '../base/show-rate.ts';
import type { Evaluation } from './evaluate.ts';
import { PEER_NAMES, type PeerName, type PeerResult } from './peers/run-peers.ts';
import type { RankingMetrics } from './ranking-metrics.ts';

const HEADER = ['', 'AUROC', 'average precision', 'recall at 1 % false alarms'];
const TITLES: { readonly [P in PeerName]: string } = { knn: 'kNN (5, mean)', isolationForest: 'IsolationForest' };
const SHOWN_VALUES = 4;

/** An evaluation for people. */
export function describeEvaluation(evaluation: Evaluation): string {
  const { model, family, rows, normals, anomalies, peers } = evaluation;
  const table = alignColumns([
    HEADER,
    metricsRow(`${model} (${family})`, evaluation),
    ...PEER_NAMES.flatMap((name) => peerRows(name, peers[name])),
  ]);
  const normalRows = `${showCount(normals)} normal (${showValues(evaluation.normalValues)})`;
  const anomalousRows = `${showCount(anomalies)} anomalous (${showValues(evaluation.anomalyValues)})`;
  return [
    `${showCount(rows)} rows: ${normalRows}, ${anomalousRows}`,
    '',
    table,
    '',
    describeThreshold(evaluation),
    ...describePeers(evaluation),
    ...describeIgnored(evaluation),
  ].join('\n');
}

function metricsRow(title: string, metrics: RankingMetrics): string[] {
  const { auroc, averagePrecision, recallAt1PercentFalseAlarms } = metrics;
  return [title, ...[auroc, averagePrecision, recallAt1PercentFalseAlarms].map((share) => share.toFixed(4))];
}

function peerRows(name: PeerName, peer: PeerResult): string[][] {
  if (peer.status === 'absent') return [[TITLES[name], 'absent', 'absent', 'absent']];
  return peer.treatments.map((run) => metricsRow(`${TITLES[name]}, ${run.treatment}`, run));
}

/** Where rows are flagged: a score, or one for each group of rows. */
export function describeLimit(threshold: number, isGrouped: boolean): string {
  return isGrouped ? 'each group has its own threshold' : `score above ${threshold.toPrecision(6)}`;
}

function describeThreshold(evaluation: Evaluation): string {
  const { falsePositiveRate, threshold, isGrouped, realisedFalseAlarmRate, recallAtThreshold } = evaluation;
  return (
    `At the model's false-positive rate of ${showRate(falsePositiveRate)} (${describeLimit(threshold, isGrouped)}): ` +
    `${percent(realisedFalseAlarmRate)} of the normal rows flagged, ${percent(recallAtThreshold)} of the anomalies found`
  );
}

function describePeers({ peers, peerTrainingRows }: Evaluation): string[] {
  const reasons = PEER_NAMES.flatMap((name) => {
    const peer = peers[name];
    return peer.status === 'absent' ? [peer.reason] : [];
  });
  const libraries = PEER_NAMES.flatMap((name) => {
    const peer = peers[name];
    return peer.status === 'measured' ? [peer.library] : [];
  });
  const measured = [...new Set(libraries)].map(
    (library) => `Peers: ${library}, the same test rows, ${showCount(peerTrainingRows)} of the model's training rows`,
  );
  return [...measured, ...[...new Set(reasons)].map((reason) => `Peers absent: ${reason}`)];
}

function describeIgnored({ ignoredColumns }: Evaluation): string[] {
  return ignoredColumns.length === 0 ? [] : [`Unknown to the model and ignored: ${ignoredColumns.join(', ')}`];
}

function showValues(values: readonly string[]): string {
  const shown = values.slice(0, SHOWN_VALUES).join(', ');
  return values.length <= SHOWN_VALUES ? shown : `${shown} and ${values.length - SHOWN_VALUES} more`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
