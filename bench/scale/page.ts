import { z } from 'zod';
import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { markdownTable, percent, writeDocument } from '../support/documents.ts';
import { sizeSchema, type SizeMeasurement } from './measure-size.ts';

/** A row of measurements in which only one thing grows. */
export interface Sweep {
  readonly name: 'rows' | 'columns';
  readonly sizes: readonly SizeMeasurement[];
}

const sweepsSchema = z.array(z.object({ name: z.enum(['rows', 'columns']), sizes: z.array(sizeSchema) }));

/** The part of docs/quality.md on size, from the JSON that the bench wrote; draws its picture. */
export async function describeScale(result: unknown): Promise<string> {
  const sweeps: readonly Sweep[] = sweepsSchema.parse(result);
  await writeDocument('images/quality-scale.svg', drawSweeps(sweeps));
  const tables = sweeps.map(({ name, sizes }) => `Growing ${name}:\n\n${tabulate(sizes)}`);
  return `## More rows, more columns

\`npm run bench:scale\`: made-up rows near a curved sheet in three hidden dimensions with forty clusters; anomalies are spread over the same
region. 2,000 normal and 500 anomalous rows are scored. Training time is that of the members on one core, without calibration; memory is the
process's largest resident set, data included, each size in a process of its own. 1,000 steps of 64 rows draw 64,000 rows: beyond that,
more rows cost next to nothing and add nothing, unless \`--steps\` grows with them.

${tables.join('\n\n')}

![AUROC and training time by rows and by columns](images/quality-scale.svg)`;
}

function tabulate(sizes: readonly SizeMeasurement[]): string {
  const rows = sizes.map((size) => [
    size.rows.toLocaleString('en-US'),
    size.columns.toLocaleString('en-US'),
    `${percent(size.auroc)} / ${percent(size.averagePrecision)}`,
    size.trainSeconds.toFixed(1),
    size.scoreMicroseconds.toFixed(1),
    `${size.peakMebibytes.toFixed(0)} (${size.startMebibytes.toFixed(0)} before)`,
  ]);
  return markdownTable(
    ['training rows', 'columns', 'AUROC / AP', 'training, CPU s', 'scoring, µs a row', 'memory, MiB'],
    rows,
  );
}

function drawSweeps(sweeps: readonly Sweep[]): string {
  const axis = {
    axisLabel: { color: INK.text, fontSize: 12 },
    axisLine: { lineStyle: { color: INK.line } },
    splitLine: { lineStyle: { color: INK.line, opacity: 0.6 } },
    nameTextStyle: { color: INK.text, fontSize: 12 },
    axisTick: { show: false },
  } as const;
  const places = [
    { left: '6%', width: '37%' },
    { left: '57%', width: '37%' },
  ];
  const options: ChartOptions = {
    legend: { top: 4, itemGap: 28, textStyle: { color: INK.text, fontSize: 12 } },
    grid: sweeps.map((_, index) => ({ ...places[index], top: 54, bottom: 44 })),
    xAxis: sweeps.map(({ name }, gridIndex) => ({
      ...{ ...axis, gridIndex, type: 'log' as const, name, nameLocation: 'middle' as const, nameGap: 28 },
      splitLine: { show: false },
    })),
    yAxis: sweeps.flatMap((_, gridIndex) => [
      { ...axis, gridIndex, type: 'value' as const, name: 'AUROC, %', scale: true },
      { ...axis, gridIndex, type: 'value' as const, name: 'training, s', splitLine: { show: false } },
    ]),
    series: sweeps.flatMap(({ name, sizes }, index) => {
      const line = (label: string, color: string, value: (size: SizeMeasurement) => number, yAxisIndex: number) => ({
        ...{ name: label, type: 'line' as const, xAxisIndex: index, yAxisIndex, symbolSize: 6 },
        ...{ itemStyle: { color }, lineStyle: { color }, data: sizes.map((size) => [size[name], value(size)]) },
      });
      return [
        line('AUROC', INK.series, ({ auroc }) => 100 * auroc, 2 * index),
        line('training time', INK.alarm, ({ trainSeconds }) => trainSeconds, 2 * index + 1),
      ];
    }),
  };
  const said = sweeps.map(({ name, sizes }) => {
    const [first, last] = [sizes[0]!, sizes.at(-1)!];
    return `from ${first[name]} to ${last[name]} ${name}, AUROC ${percent(first.auroc)} to ${percent(last.auroc)}`;
  });
  return renderPicture({ id: 'scale', description: `${said.join('; ')}.`, width: 760, height: 320, options });
}
