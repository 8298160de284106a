import { FONT, INK, renderChart, type ChartOptions, type ChartSize, type CustomSeries } from './chart.ts';
import { ABSENT, formatCount, formatNumber, formatShare, plural } from './format.ts';
import { html, type Html } from './html.ts';
import { nounOf, type ReportInput } from './input.ts';
import { toThreshold, type ThresholdRow } from './thresholds.ts';

export const SHOWN_RATES = [0.1, 0.05, 0.01, 0.001] as const;
const MAX_BINS = 48;
const LABEL_TOP = 2;
const LABEL_HEIGHT = 15;

export interface Histogram {
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
  /** Values above the last bin: a far tail is counted, not drawn to scale. */
  readonly beyond: number;
}

/** Bins from the smallest value to the largest, or to where the far tail of a few rows begins. Values ascend. */
export function toHistogram(ascending: readonly number[], bins: number): Histogram {
  const at = (share: number): number => ascending[Math.round(share * (ascending.length - 1))] ?? 0;
  const reach = at(0.999) + (at(0.999) - at(0)) * 0.25;
  const [start, end] = [at(0), Math.min(at(1), reach)];
  const width = end > start ? (end - start) / bins : 1;
  const counts = new Array<number>(bins).fill(0);
  const inside = ascending.filter((value) => value <= end);
  for (const value of inside) {
    const bin = Math.min(bins - 1, Math.floor((value - start) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { start, width, counts, beyond: ascending.length - inside.length };
}

export function renderScores(input: ReportInput): Html {
  const scores = input.calibrationScores.filter((score) => Number.isFinite(score));
  const rates = [...new Set([...SHOWN_RATES, input.falsePositiveRate])].sort((a, b) => b - a);
  const smallest = Math.max(0, ...input.groups.map(({ smallestRate }) => smallestRate));
  const rows = rates.map((rate) => {
    const row = toThreshold(scores, rate);
    return rate < smallest ? { ...row, threshold: undefined } : row;
  });
  const noun = nounOf(input);
  return html`<section id="scores">
    <h2>Scores of held-out normal ${noun}s</h2>
    ${scores.length === 0 ? html`<p>No ${noun}s were held out.</p>` : renderHistogram(scores, rows, noun)}
    <div class="scroll" role="region" aria-label="Thresholds" tabindex="0">
      <table>
        <caption>
          <span>${thresholdCaption(input, scores.length)}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">False-alarm rate</th>
            <th scope="col" class="number">Threshold</th>
            <th scope="col" class="number">Held-out ${noun}s above</th>
            <th scope="col">Remark</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => renderRow(row, scores, row.rate === input.falsePositiveRate, input))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function thresholdCaption(input: ReportInput, count: number): string {
  const noun = nounOf(input);
  return input.groups.length === 0
    ? `Thresholds. ${noun === 'row' ? 'A row' : 'An image'} is flagged when its score exceeds the threshold; a rate that the ${plural(count, `held-out ${noun}`)} cannot promise is refused at serve time.`
    : 'Thresholds of all held-out rows together. Rows are flagged by those of their groups, below; a rate that the smallest group cannot promise is refused at serve time.';
}

function renderRow(row: ThresholdRow, scores: readonly number[], own: boolean, input: ReportInput): Html {
  const { threshold } = row;
  const above = threshold === undefined ? ABSENT : formatCount(scores.filter((score) => score > threshold).length);
  const refused = `refused: needs at least ${plural(row.rowsNeeded, `held-out ${nounOf(input)}`)}${input.groups.length > 0 ? ' in each group' : ''}`;
  const remark = threshold === undefined ? refused : own ? 'the model’s own rate' : '';
  return html`<tr>
    <th scope="row">${formatShare(row.rate)}</th>
    <td class="number">${formatNumber(threshold)}</td>
    <td class="number">${above}</td>
    <td class="remark">${remark}</td>
  </tr>`;
}

function renderHistogram(scores: readonly number[], rows: readonly ThresholdRow[], noun: string): Html {
  const histogram = toHistogram(scores, Math.min(MAX_BINS, Math.max(8, Math.ceil(Math.sqrt(scores.length)))));
  const marks = rows.filter((row) => row.threshold !== undefined);
  const middle = scores[Math.floor(scores.length / 2)];
  const said = marks.map((row) => `${formatShare(row.rate)} at ${formatNumber(row.threshold)}`).join(', ');
  const description = `Histogram of ${plural(scores.length, 'score')}, from ${formatNumber(scores[0])} to ${formatNumber(scores.at(-1))}, median ${formatNumber(middle)}. Thresholds: ${said || 'none'}.`;
  const tail =
    histogram.beyond === 0
      ? ''
      : ` ${plural(histogram.beyond, noun)} further to the right, up to ${formatNumber(scores.at(-1))}, not drawn.`;
  return html`<figure>
    <figcaption>Higher is more anomalous. Dashed: the threshold of each false-alarm rate.${tail}</figcaption>
    ${renderChart({ id: 'scores', description, sizes: ['wide', 'narrow'], options: (size) => toOptions(histogram, marks, size) })}
  </figure>`;
}

function toOptions(histogram: Histogram, marks: readonly ThresholdRow[], size: ChartSize): ChartOptions {
  const { start, width, counts } = histogram;
  const last = start + width * counts.length;
  return {
    grid: { left: 8, right: 22, top: LABEL_TOP + 6 + LABEL_HEIGHT * marks.length, bottom: 22, containLabel: true },
    xAxis: {
      ...{ type: 'value', min: start, max: last, name: 'score', nameLocation: 'middle', nameGap: 26 },
      nameTextStyle: { color: INK.text, fontSize: 12 },
      axisLine: { onZero: false, lineStyle: { color: INK.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      splitNumber: size === 'narrow' ? 4 : 8,
      axisLabel: { color: INK.text, fontSize: 12, showMinLabel: false, showMaxLabel: false, formatter: formatNumber },
    },
    yAxis: {
      ...{ type: 'value', splitNumber: 3, axisTick: { show: false }, axisLine: { show: false } },
      splitLine: { lineStyle: { color: INK.line, opacity: 0.6 } },
      axisLabel: { color: INK.text, fontSize: 12, formatter: formatCount },
    },
    series: [toBars(histogram), toMarks(marks, start, last)],
  };
}

function toBars({ start, width, counts }: Histogram): CustomSeries {
  return {
    type: 'custom',
    silent: true,
    clip: true,
    renderItem: (_, api) => {
      const [left = 0, top = 0] = api.coord([Number(api.value(0)) - width / 2, api.value(1)]);
      const [right = 0, bottom = 0] = api.coord([Number(api.value(0)) + width / 2, 0]);
      const shape = { x: left, y: top, width: Math.max(1, right - left - 1), height: bottom - top };
      return { type: 'rect', shape, style: { fill: INK.bar } };
    },
    data: counts.map((count, bin) => [start + (bin + 0.5) * width, count]),
  };
}

/** Dashed lines with their labels on levels of their own, so that neighbouring thresholds stay readable. */
function toMarks(marks: readonly ThresholdRow[], start: number, last: number): CustomSeries {
  return {
    type: 'custom',
    silent: true,
    renderItem: (_, api) => {
      const [x = 0, bottom = 0] = api.coord([api.value(0), 0]);
      const place = Number(api.value(1));
      const top = LABEL_TOP + place * LABEL_HEIGHT;
      const line = { x1: x, x2: x, y1: bottom, y2: top + LABEL_HEIGHT - 2 };
      const text = { text: formatShare(marks[place]?.rate), x, y: top, align: 'center' } as const;
      return {
        type: 'group',
        children: [
          { type: 'line', shape: line, style: { stroke: INK.alarm, lineDash: [4, 3], lineWidth: 1.5 } },
          { type: 'text', style: { ...text, fill: INK.alarm, fontSize: 12, fontFamily: FONT } },
        ],
      };
    },
    data: marks.map((row, place) => [Math.min(last, Math.max(start, row.threshold ?? start)), place]),
  };
}
