import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';

/** A small drawing among others: points or a path, in its own square. */
export interface Panel {
  readonly title: string;
  /** x, y, x, y, ... */
  readonly points: readonly number[];
  readonly isReference?: boolean;
}

export interface Sheet {
  readonly id: string;
  readonly description: string;
  readonly kind: 'points' | 'path';
  readonly panels: readonly Panel[];
  /** Reach of each axis to both sides of zero. */
  readonly reach: number;
}

const COLUMNS = 4;
const SIDE = 168;
const GAP = 20;
const HEAD = 22;

/** Panels of the same scale side by side, four in a row. */
export function drawSheet({ id, description, kind, panels, reach }: Sheet): string {
  const place = (index: number): { left: number; top: number } => ({
    left: GAP / 2 + (index % COLUMNS) * (SIDE + GAP),
    top: HEAD + Math.floor(index / COLUMNS) * (SIDE + GAP + HEAD),
  });
  const axis = {
    ...{ type: 'value' as const, min: -reach, max: reach, splitNumber: 2, interval: reach },
    ...{ axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false } },
    splitLine: { lineStyle: { color: INK.line } },
  };
  const options: ChartOptions = {
    title: panels.map(({ title }, index) => ({
      ...{
        text: title,
        left: place(index).left + SIDE / 2,
        top: place(index).top - HEAD,
        textAlign: 'center' as const,
      },
      textStyle: { color: INK.text, fontSize: 12, fontWeight: 'normal' as const },
    })),
    grid: panels.map((_, index) => ({ ...place(index), width: SIDE, height: SIDE })),
    xAxis: panels.map((_, gridIndex) => ({ ...axis, gridIndex })),
    yAxis: panels.map((_, gridIndex) => ({ ...axis, gridIndex })),
    series: panels.map((panel, index) => ({
      ...{ xAxisIndex: index, yAxisIndex: index, data: pairs(panel.points), ...SERIES[kind](panel) },
    })),
  };
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = Math.min(panels.length, COLUMNS) * (SIDE + GAP);
  return renderPicture({ id, description, width, height: rows * (SIDE + GAP + HEAD), options });
}

/** How a panel's points are drawn: as dots, or as a path whose start is marked. */
const SERIES = {
  points: ({ isReference }: Panel) => ({
    ...{ type: 'scatter' as const, symbolSize: 2.5, large: true, largeThreshold: 1 },
    itemStyle: { color: isReference === true ? INK.alarm : INK.series },
  }),
  path: ({ points }: Panel) => ({
    ...{ type: 'line' as const, showSymbol: false, lineStyle: { width: 1, color: INK.series } },
    markPoint: {
      ...{ symbol: 'circle', symbolSize: 7, silent: true, itemStyle: { color: INK.alarm } },
      data: [{ name: 'start', coord: [points[0]!, points[1]!] }],
    },
  }),
};

function pairs(points: readonly number[]): [number, number][] {
  return Array.from({ length: points.length / 2 }, (_, index) => [points[2 * index]!, points[2 * index + 1]!]);
}
