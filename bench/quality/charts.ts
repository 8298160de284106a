import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { percent } from '../support/documents.ts';

export interface SetPoint {
  readonly set: string;
  readonly ours: number;
  readonly peer: number;
}

export interface MethodPoint {
  readonly method: string;
  readonly auroc: number;
  readonly isOurs: boolean;
}

const AXIS = {
  axisLabel: { color: INK.text, fontSize: 12 },
  axisLine: { lineStyle: { color: INK.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: INK.line, opacity: 0.6 } },
  nameTextStyle: { color: INK.text, fontSize: 12 },
} as const;
const LEGEND = { top: 4, left: 'center', itemGap: 28, textStyle: { color: INK.text, fontSize: 12 } } as const;

/** AUROC of each set, ours and a peer's, on one line each; from the set where we gain least to that where we gain most. */
export function drawSets(points: readonly SetPoint[], peer: string): string {
  const sorted = points.toSorted((a, b) => a.ours - a.peer - (b.ours - b.peer));
  const better = points.filter(({ ours, peer: other }) => ours > other).length;
  const series = (name: string, color: string, value: (point: SetPoint) => number) => ({
    ...{ name, type: 'scatter' as const, symbolSize: 8, itemStyle: { color } },
    data: sorted.map((point, index) => [100 * value(point), index]),
  });
  const options: ChartOptions = {
    grid: { left: 132, right: 24, top: 34, bottom: 44 },
    legend: LEGEND,
    xAxis: { ...AXIS, type: 'value', scale: true, name: 'AUROC, %', nameLocation: 'middle', nameGap: 28 },
    yAxis: { ...AXIS, type: 'category', data: sorted.map(({ set }) => set) },
    series: [series('Aristarch', INK.series, ({ ours }) => ours), series(peer, INK.alarm, (point) => point.peer)],
  };
  const description = `AUROC of ${points.length} sets, Aristarch beside ${peer}: higher in ${better} of them.`;
  return renderPicture({ id: 'sets', description, width: 760, height: 78 + 18 * sorted.length, options });
}

/** Mean AUROC of each method, the best on top. */
export function drawMethods(points: readonly MethodPoint[]): string {
  const sorted = points.toSorted((a, b) => a.auroc - b.auroc);
  const options: ChartOptions = {
    grid: { left: 196, right: 52, top: 8, bottom: 8 },
    xAxis: { ...AXIS, type: 'value', min: 0, max: 100, axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: { ...AXIS, type: 'category', data: sorted.map(({ method }) => method) },
    series: [
      {
        type: 'bar',
        barWidth: 12,
        label: { show: true, position: 'right', color: INK.text, formatter: ({ value }) => Number(value).toFixed(1) },
        data: sorted.map(({ auroc, isOurs }) => ({
          value: 100 * auroc,
          itemStyle: { color: isOurs ? INK.series : INK.band },
        })),
      },
    ],
  };
  const best = sorted.toReversed().map(({ method, auroc }) => `${method} ${percent(auroc, 1)}`);
  const description = `Mean AUROC over the sets, %: ${best.join(', ')}.`;
  return renderPicture({ id: 'methods', description, width: 760, height: 20 + 20 * sorted.length, options });
}
