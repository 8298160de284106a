import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { percent } from '../support/documents.ts';
import { RATES, type Cell } from './measure-cells.ts';

type Outcome = NonNullable<Cell['outcome']>;

/** Where the realised rate lies in its band: -1 at the lower end, 0 in the middle, 1 at the upper end. */
export function placeInBand({ realised, low, high }: Outcome): number {
  const half = (high - low) / 2;
  return half === 0 ? Math.sign(realised - low) * 2 : (realised - (low + high) / 2) / half;
}

/** A dot a cell: rates side by side, the place in the band upwards; split and folds in two colours. */
export function drawCells(cells: readonly Cell[]): string {
  const shown = cells.flatMap((cell) => (cell.outcome === null ? [] : [{ ...cell, outcome: cell.outcome }]));
  const series = (method: 'split' | 'cross', name: string, color: string, offset: number) => {
    const ofMethod = shown.filter(({ run }) => run.method === method);
    const spread = (index: number): number => offset + 0.28 * (index / Math.max(1, ofMethod.length - 1) - 0.5);
    return {
      ...{ name, type: 'scatter' as const, symbolSize: 6, itemStyle: { color, opacity: 0.8 } },
      data: ofMethod.map(({ rate, outcome }, index) => [
        RATES.indexOf(rate as (typeof RATES)[number]) + spread(index),
        placeInBand(outcome),
      ]),
    };
  };
  const end = (value: number) => ({ yAxis: value });
  const axis = { axisTick: { show: false }, axisLine: { show: false }, nameTextStyle: { color: INK.text } };
  const options: ChartOptions = {
    grid: { left: 64, right: 16, top: 38, bottom: 36 },
    legend: { top: 4, itemGap: 28, textStyle: { color: INK.text, fontSize: 12 } },
    xAxis: {
      ...{ ...axis, type: 'value', min: -0.5, max: RATES.length - 0.5, interval: 0.5, splitLine: { show: false } },
      axisLabel: { color: INK.text, fontSize: 12, formatter: (at: number) => labelOf(at) },
    },
    yAxis: {
      ...{ ...axis, type: 'value', splitLine: { show: false } },
      ...{ name: 'place in the band', nameLocation: 'middle', nameGap: 34 },
      axisLabel: { color: INK.text, fontSize: 12 },
    },
    series: [
      {
        ...series('split', 'held-out rows', INK.series, -0.16),
        markArea: { silent: true, itemStyle: { color: INK.band, opacity: 0.45 }, data: [[end(-1), end(1)]] },
      },
      series('cross', 'folds', INK.alarm, 0.16),
    ],
  };
  const inside = shown.filter(({ outcome }) => outcome.inside).length;
  const description = `The realised false-alarm rate of ${shown.length} cells at 1, 5 and 10 %, as its place in the 95 % band: ${inside} inside.`;
  return renderPicture({ id: 'cells', description, width: 760, height: 340, options });
}

function labelOf(at: number): string {
  const rate = RATES[at];
  return rate === undefined ? '' : `asked: ${percent(rate, 0)} %`;
}
