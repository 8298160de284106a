import { z } from 'zod';
import { markdownTable, percent, readResult, writeDocument } from '../support/documents.ts';
import { drawCells } from './chart.ts';
import { describeGroups } from './groups-page.ts';
import { groupRunSchema, type GroupRun } from './measure-groups.ts';
import { RATES, runSchema, toCells, type CalibrationRun, type Cell } from './measure-cells.ts';

/** Share of the cells that must lie in their band. */
const BAR = 0.93;
const METHODS = { split: 'Held-out rows', cross: 'Folds' } as const;

export interface Tally {
  readonly cells: number;
  readonly inside: number;
  readonly refused: number;
  /** Of the cells outside: more alarms than the band, fewer than the band. */
  readonly above: number;
  readonly below: number;
}

export function tally(cells: readonly Cell[]): Tally {
  const outcomes = cells.map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
  return {
    cells: outcomes.length,
    refused: cells.length - outcomes.length,
    inside: outcomes.filter(({ inside }) => inside).length,
    above: outcomes.filter(({ realised, high }) => realised > high).length,
    below: outcomes.filter(({ realised, low }) => realised < low).length,
  };
}

const RESULTS = { runs: 'quality/calibration.json', groups: 'quality/calibration-groups.json' } as const;

/** Keeps what was measured, and writes docs/calibration.md and its picture from that and what an earlier run measured. */
export async function writeCalibration(measured: { runs?: CalibrationRun[]; groups?: GroupRun[] }): Promise<void> {
  for (const part of ['runs', 'groups'] as const) {
    if (measured[part]) await writeDocument(RESULTS[part], JSON.stringify(measured[part]));
  }
  const runs = z.array(runSchema).parse(await readResult(RESULTS.runs));
  const groups = z.array(groupRunSchema).parse((await readResult(RESULTS.groups)) ?? []);
  await writePage(runs, groups);
}

async function writePage(runs: readonly CalibrationRun[], groups: readonly GroupRun[]): Promise<void> {
  const cells = runs.flatMap(toCells);
  await writeDocument('images/calibration-cells.svg', drawCells(cells));
  const parts = [
    introduce(cells),
    ...(groups.length > 0 ? [describeGroups(groups)] : []),
    ...(['split', 'cross'] as const).flatMap((method) => {
      const ofMethod = runs.filter((run) => run.method === method);
      return ofMethod.length === 0 ? [] : [describeMethod(method, ofMethod)];
    }),
  ];
  await writeDocument('calibration.md', `${parts.join('\n\n')}\n`);
}

function introduce(cells: readonly Cell[]): string {
  const rows = (['split', 'cross'] as const).flatMap((method) => {
    const ofMethod = cells.filter(({ run }) => run.method === method);
    if (ofMethod.length === 0) return [];
    const rates = RATES.map((rate) => ofMethod.filter((cell) => cell.rate === rate));
    return [
      [METHODS[method], 'all', ...tallyCells(tally(ofMethod))],
      ...rates.map((ofRate, index) => [METHODS[method], percent(RATES[index]!, 0), ...tallyCells(tally(ofRate))]),
    ];
  });
  const split = tally(cells.filter(({ run }) => run.method === 'split'));
  const share = split.inside / split.cells;
  return `# Calibration: the false-alarm rate that was asked for

A model is trained and calibrated as \`train\` does, on half of a set's normal rows, and shown the other half: normal rows that it has never
seen. The share of them that it flags is the realised false-alarm rate. Measured by \`npm run bench:calibration\`, which writes this page, on
the sets of [quality.md](quality.md).

With n calibration rows and m fresh ones the number of false alarms is beta-binomial, whatever the data and the model, if scores
do not tie (Vovk 2012; Angelopoulos and Bates 2021). A cell - one set, seed and rate - is *inside* where the count lies in the central 95 % of
that law; by chance alone about one in twenty is outside. A rate that n rows cannot promise, below 1 / (n + 1), is refused.

Of the cells with held-out rows, ${percent(share, 1)} % are inside (at least ${percent(BAR, 0)} % are wanted: ${share >= BAR ? 'met' : 'missed'}).

${markdownTable(['calibrated by', 'rate', 'cells', 'inside', 'share', 'too many alarms', 'too few', 'refused'], rows)}

![The realised rate of each cell, as its place in the band](images/calibration-cells.svg)

For folds (small sets) the law is not exact: the rows of a fold are scored by critics that were trained on fewer rows than the final
ones, and for fewer steps. The first alone raises the scores of unseen rows, so that false alarms are too few; the second lowers them
([decision 0008](decisions/0008-calibration-split-or-cross.md)). Their cells are shown beside the same bands, and apart.`;
}

function tallyCells({ cells, inside, above, below, refused }: Tally): string[] {
  const share = cells === 0 ? '' : `${percent(inside / cells, 1)} %`;
  return [String(cells), String(inside), share, String(above), String(below), String(refused)];
}

function describeMethod(method: 'split' | 'cross', runs: readonly CalibrationRun[]): string {
  const rows = runs.map((run) => [
    `${run.set}, ${run.seed}`,
    String(run.calibrationRows),
    String(run.freshRows),
    `${percent(run.tied, 1)} %`,
    ...toCells(run).map(showCell),
  ]);
  const rates = RATES.map((rate) => `at ${percent(rate, 0)} %`);
  return `## ${METHODS[method]}

Realised rate in percent, with its band; **bold** is outside. "Tied" is the share of calibration scores that equal another one: rows that
score alike are flagged together or not at all, and then fewer than the rate are.

${markdownTable(['set, seed', 'calibration rows', 'fresh rows', 'tied', ...rates], rows)}`;
}

function showCell({ outcome }: Cell): string {
  if (outcome === null) return 'refused';
  const { realised, low, high, inside } = outcome;
  const text = percent(realised);
  return `${inside ? text : `**${text}**`} (${percent(low)} to ${percent(high)})`;
}
