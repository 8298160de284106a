/** How well scores put anomalies above normal rows; independent of any threshold. Shares in [0, 1]. */
export interface RankingMetrics {
  /** Area under the ROC curve: how often an anomaly scores above a normal row, ties counting a half. */
  readonly auroc: number;
  /** sum over n of (R_n - R_{n-1}) P_n, as scikit-learn's `average_precision_score`; ties are one step. */
  readonly averagePrecision: number;
  /** Largest share of anomalies found by a threshold that at most 1 % of these normal rows exceed. */
  readonly recallAt1PercentFalseAlarms: number;
}

/**
 * `scores`: higher is more anomalous, finite; `anomalous`: 1 or 0 for each. Both kinds must be present, which the caller
 * checks, since it knows the labels' names.
 */
export function rankingMetrics(scores: ArrayLike<number>, anomalous: Uint8Array): RankingMetrics {
  const anomalies = anomalous.reduce((sum, flag) => sum + flag, 0);
  const normals = anomalous.length - anomalies;
  // Whole numbers until the end, so that a perfect ranking is exactly 1.
  let halfWins = 0;
  let precisions = 0;
  let found = 0;
  let before: Step = { found: 0, alarms: 0 };
  for (const step of steps(scores, anomalous)) {
    const gained = step.found - before.found;
    // Within a tie, each anomaly is above half of the normal rows.
    halfWins += gained * (2 * normals - before.alarms - step.alarms);
    precisions += (gained * step.found) / (step.found + step.alarms);
    if (step.alarms * 100 <= normals) found = step.found;
    before = step;
  }
  return {
    auroc: halfWins / (2 * normals * anomalies),
    averagePrecision: precisions / anomalies,
    recallAt1PercentFalseAlarms: found / anomalies,
  };
}

/** What a threshold just below one of the distinct scores flags. */
interface Step {
  /** Anomalies. */
  readonly found: number;
  /** Normal rows. */
  readonly alarms: number;
}

/** From the highest score to the lowest, one step for each distinct score. */
function* steps(scores: ArrayLike<number>, anomalous: Uint8Array): Generator<Step> {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  let found = 0;
  for (let at = 0; at < order.length; at++) {
    found += anomalous[order[at]!]!;
    const isLastOfTie = at + 1 === order.length || scores[order[at + 1]!]! < scores[order[at]!]!;
    if (isLastOfTie) yield { found, alarms: at + 1 - found };
  }
}
