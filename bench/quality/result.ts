import { z } from 'zod';
import { PROTOCOL_NAMES } from '../support/protocols.ts';
import { measurementSchema, type Measurement } from './measure-set.ts';
import { overallOf, summariseSets, type Overall, type Ranking } from './summary.ts';

const figureSchema = z.object({
  method: z.string(),
  family: z.string(),
  set: z.string(),
  auroc: z.number(),
  averagePrecision: z.number().nullable(),
});
/** A peer on one set, mean over seeds. */
export type PeerFigure = z.infer<typeof figureSchema>;

export const resultSchema = z.object({
  protocol: z.enum(PROTOCOL_NAMES),
  ablation: z.string(),
  /** Settings that differ from the default. */
  changed: z.record(z.string(), z.unknown()),
  seeds: z.array(z.number()),
  machine: z.string(),
  measurements: z.array(measurementSchema),
  /** Peers that this bench measured itself, with the library's name. */
  peers: z.object({ library: z.string(), figures: z.array(figureSchema) }).nullable(),
  /** Figures of others. */
  quoted: z.object({ source: z.string(), figures: z.array(figureSchema) }).nullable(),
});
/** What a run of the bench found; kept as JSON beside the page that is made of it. */
export type QualityResult = z.infer<typeof resultSchema>;

/** Overall figures of all sets, and of each family. */
export interface Overalls {
  readonly all: Overall;
  readonly families: Readonly<Record<string, Overall>>;
}

export function overallsOf(rankings: readonly Ranking[]): Overalls {
  const sets = summariseSets(rankings);
  const families = [...new Set(sets.map(({ family }) => family))];
  const ofFamily = families.map((name) => [name, overallOf(sets.filter(({ family }) => family === name))] as const);
  return { all: overallOf(sets), families: Object.fromEntries(ofFamily) };
}

/** One peer's figures as rankings; a peer of which only AUROC is known has NaN for the other. */
export function rankingsOf(figures: readonly PeerFigure[], method: string): Ranking[] {
  return figures
    .filter((figure) => figure.method === method)
    .map((figure) => ({ ...figure, averagePrecision: figure.averagePrecision ?? NaN }));
}

/** File of a result, below docs/. */
export function resultPath({ protocol, ablation }: Pick<QualityResult, 'protocol' | 'ablation'>): string {
  return `quality/${protocol}${ablation === 'default' ? '' : `-${ablation}`}.json`;
}

/** Figures are kept to five decimals: more is noise. */
export function rounded(measurement: Measurement): Measurement {
  const round = (value: number): number => Number(value.toFixed(5));
  const { auroc, averagePrecision, trainSeconds, scoreSeconds } = measurement;
  const figures = { auroc, averagePrecision, trainSeconds, scoreSeconds };
  const entries = Object.entries(figures).map(([name, value]) => [name, round(value)] as const);
  return { ...measurement, ...Object.fromEntries(entries) };
}
