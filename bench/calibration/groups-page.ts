import { markdownTable, percent } from '../support/documents.ts';
import { GROUP_RATES, type GroupRun } from './measure-groups.ts';

/** The part of docs/calibration.md on conditions. */
export function describeGroups(runs: readonly GroupRun[]): string {
  const shown = runs.filter(({ freshRows }) => freshRows > 0);
  const cells = shown.flatMap((run) => run.cells);
  const inside = (which: 'own' | 'pooled'): number =>
    cells.filter((cell) => cell[which] >= cell.low && cell[which] <= cell.high).length;
  const header = ['group, seed', 'calibration rows', 'fresh rows'];
  const rates = GROUP_RATES.flatMap((rate) => [`own, at ${percent(rate, 0)} %`, `pooled, at ${percent(rate, 0)} %`]);
  const rows = shown.map(({ group, seed, calibrationRows, freshRows, cells: ofGroup }) => [
    `${group}, ${seed}`,
    ...[String(calibrationRows), String(freshRows)],
    ...ofGroup.flatMap((cell) => (['own', 'pooled'] as const).map((which) => showCell(cell, which, freshRows))),
  ]);
  return `## By group

With \`--condition\`, rows are judged by held-out rows with the same levels of the conditions (Vovk, Gammerman and Shafer 2005, section 4.5), so
that each group keeps the rate by itself; numbers and times do not group. Here: NSL-KDD's normal rows, a random half trained and
calibrated with \`--condition protocol_type --rate ${GROUP_RATES[0]}\`, and the other half, fresh (\`npm run bench:calibration -- --groups\`). "own"
is the group's calibration, with its band; "pooled" is one calibration of all held-out rows, by the same critics, which keeps the rate on the
whole only. Of ${cells.length} cells, ${inside('own')} are inside by their own calibration and ${inside('pooled')} by the pooled one; **bold** is outside.

A rare combination of levels gives up to half of its rows where these are the 1 / rate - 1 held-out ones that its rate needs. One of which
half is too few gives its share, and is calibrated with the other small ones, or with all held-out rows where these are still too few; so are levels that
training never saw. \`train\` warns of it, and the report lists the groups. For a level that was never seen no rate is promised: the critic judges
its rows by what is normal whatever the condition, which it learns from the tenth of its batches whose condition is hidden from it.

A rate that one of the groups cannot promise is refused, with that group and the smallest rate that all of them can. Each result has the name and
the threshold of its group (\`calibrated\` over gRPC; \`group\` and \`threshold\` over Kafka); \`DescribeModel\` lists the groups.

${markdownTable([...header, ...rates], rows)}`;
}

function showCell(cell: GroupRun['cells'][number], which: 'own' | 'pooled', freshRows: number): string {
  const share = (count: number): string => percent(count / freshRows);
  const isInside = cell[which] >= cell.low && cell[which] <= cell.high;
  const text = isInside ? share(cell[which]) : `**${share(cell[which])}**`;
  return which === 'own' ? `${text} (${share(cell.low)} to ${share(cell.high)})` : text;
}
