import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { FIDELITY_SETS } from './sets.ts';
import type { Figures, Method } from './measure.ts';

const SHOWN: readonly { readonly method: Method; readonly name: string; readonly color: string }[] = [
  { method: 'real', name: 'real rows', color: INK.text },
  { method: 'aristarch', name: 'Aristarch', color: INK.series },
  { method: 'ctgan', name: 'CTGAN', color: INK.alarm },
  { method: 'independent', name: 'independent columns', color: INK.bar },
];

/** A bar for each source of rows in each set: how well a boosted model that learnt from them does on real rows. */
export function drawUtility(all: readonly Figures[]): string {
  const sets = FIDELITY_SETS.map(({ name }) => name).filter((name) => all.some(({ set }) => set === name));
  const meanOf = (set: string, method: Method): number | null => {
    const runs = all.filter((run) => run.set === set && run.method === method);
    return runs.length === 0 ? null : runs.reduce((sum, { boosting }) => sum + boosting, 0) / runs.length;
  };
  const label = { color: INK.text, fontSize: 12 };
  const options: ChartOptions = {
    grid: { left: 56, right: 16, top: 38, bottom: 36 },
    legend: { top: 4, itemGap: 24, textStyle: label },
    xAxis: { type: 'category', data: sets, axisLabel: label, axisTick: { show: false } },
    yAxis: {
      ...{ type: 'value', min: 0.4, max: 1, name: 'AUROC on real rows', nameLocation: 'middle', nameGap: 38 },
      ...{ axisLabel: label, nameTextStyle: { color: INK.text }, splitLine: { lineStyle: { color: INK.line } } },
    },
    series: SHOWN.map(({ method, name, color }) => ({
      ...{ name, type: 'bar' as const, itemStyle: { color }, barGap: '8%' },
      data: sets.map((set) => meanOf(set, method)),
    })),
  };
  const told = sets.map((set) => {
    const parts = SHOWN.flatMap(({ method, name }) => {
      const mean = meanOf(set, method);
      return mean === null ? [] : [`${name} ${mean.toFixed(3)}`];
    });
    return `${set}: ${parts.join(', ')}`;
  });
  const description = `AUROC on real rows of a boosted model, by what it learnt from. ${told.join('. ')}.`;
  return renderPicture({ id: 'fidelity-utility', description, width: 760, height: 320, options });
}
