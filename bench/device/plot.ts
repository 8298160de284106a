import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { nameOf, ROWS, WIDTHS } from './figures.ts';
import type { DeviceResult } from './measure.ts';

const COLOURS = [INK.series, INK.alarm, INK.text, INK.band, '#7a4fbf', '#2e8b57'];

/** Rows a second by the rows of a call, a colour for each device; figures that ran into the limit are left out. */
export function drawRates(devices: readonly DeviceResult[]): string {
  const series = devices.flatMap(({ device, rates }, index) =>
    WIDTHS.map((width, dash) => {
      const color = COLOURS[index % COLOURS.length]!;
      return {
        ...{ type: 'line' as const, name: `${device}, ${width} wide`, symbolSize: 5, itemStyle: { color } },
        lineStyle: { color, type: dash === 0 ? ('solid' as const) : ('dashed' as const) },
        data: ROWS.flatMap((rows) => {
          const rate = rates[nameOf({ kind: 'score', width, rows })];
          return typeof rate === 'number' ? [[rows, rate]] : [];
        }),
      };
    }),
  );
  const axis = {
    type: 'log' as const,
    axisLabel: { color: INK.text, fontSize: 12 },
    nameTextStyle: { color: INK.text },
  };
  const options: ChartOptions = {
    grid: { left: 90, right: 16, top: 96, bottom: 48 },
    legend: { top: 4, itemGap: 18, textStyle: { color: INK.text, fontSize: 12 } },
    xAxis: { ...axis, name: 'rows of a call', nameLocation: 'middle', nameGap: 28 },
    yAxis: { ...axis, name: 'rows a second', nameLocation: 'middle', nameGap: 70 },
    series,
  };
  const names = devices.map(({ device }) => device).join(', ');
  const description = `Rows a second by the rows of a call, of ${names}; solid for 256 units, dashed for 1,024.`;
  return renderPicture({ id: 'devices', description, width: 760, height: 440, options });
}
