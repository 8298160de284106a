import { alignColumns } from '../base/command-line.ts';
import { rankingMetrics } from '../scoring/ranking-metrics.ts';
import type { AnomalyKind, DemoEvent } from './anomalies.ts';

export interface ScoredEvent {
  readonly event: DemoEvent;
  readonly score: number;
  readonly pValue: number;
  readonly flagged: boolean;
}

export interface KindTally {
  readonly events: number;
  readonly flagged: number;
}

/** How well the truth was found, over the events so far. */
export interface DemoSummary {
  readonly events: number;
  readonly anomalies: number;
  /** Undefined until both kinds of event were seen. */
  readonly auroc: number | undefined;
  readonly averagePrecision: number | undefined;
  /** Share of anomalies flagged, at the model's own false-alarm rate. */
  readonly recall: number | undefined;
  /** Share of normal payments flagged. */
  readonly falseAlarms: number | undefined;
  readonly byKind: Readonly<Partial<Record<AnomalyKind, KindTally>>>;
}

/** Events whose scores are kept for the ranking; an endless demo forgets the oldest. */
const KEPT = 20_000;

/** Counts of what was sent and what was found. */
export class Tally {
  readonly #kept: ScoredEvent[] = [];

  add(scored: ScoredEvent): void {
    this.#kept.push(scored);
    if (this.#kept.length >= 2 * KEPT) this.#kept.splice(0, KEPT);
  }

  summary(): DemoSummary {
    const anomalies = this.#kept.filter(({ event }) => event.anomaly !== undefined);
    const normals = this.#kept.filter(({ event }) => event.anomaly === undefined);
    const ranked =
      anomalies.length > 0 && normals.length > 0
        ? rankingMetrics(
            this.#kept.map(({ score }) => score),
            Uint8Array.from(this.#kept, ({ event }) => (event.anomaly === undefined ? 0 : 1)),
          )
        : undefined;
    return {
      events: this.#kept.length,
      anomalies: anomalies.length,
      auroc: ranked?.auroc,
      averagePrecision: ranked?.averagePrecision,
      recall: flaggedShare(anomalies),
      falseAlarms: flaggedShare(normals),
      byKind: countByKind(anomalies),
    };
  }
}

/** The summary as lines for people. */
export function formatSummary(summary: DemoSummary): string {
  const rows = Object.entries(summary.byKind).map(([kind, { events, flagged }]) => [kind, `${flagged} of ${events}`]);
  const table = alignColumns([
    ['anomalies found', percent(summary.recall)],
    ...rows.map(([a = '', b = '']) => [`  ${a}`, b]),
  ]);
  return [
    `${summary.events} payments scored, ${summary.anomalies} of them anomalies`,
    table,
    `false alarms     ${percent(summary.falseAlarms)} of normal payments`,
    `AUROC            ${summary.auroc?.toFixed(4) ?? '-'}`,
  ].join('\n');
}

export function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
}

function flaggedShare(scored: readonly ScoredEvent[]): number | undefined {
  return scored.length === 0 ? undefined : scored.filter(({ flagged }) => flagged).length / scored.length;
}

function countByKind(anomalies: readonly ScoredEvent[]): Partial<Record<AnomalyKind, KindTally>> {
  const byKind: Partial<Record<AnomalyKind, KindTally>> = {};
  for (const { event, flagged } of anomalies) {
    if (event.anomaly === undefined) continue;
    const { events, flagged: found } = byKind[event.anomaly] ?? { events: 0, flagged: 0 };
    byKind[event.anomaly] = { events: events + 1, flagged: found + Number(flagged) };
  }
  return byKind;
}
