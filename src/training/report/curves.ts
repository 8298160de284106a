import { INK, renderChart, type ChartOptions } from './chart.ts';
import { formatCount, formatNumber, plural } from './format.ts';
import { html, type Html, NOTHING } from './html.ts';
import type { CurveSeries, NetworkCurves, Rollback } from './input.ts';

/** What the usual curves mean, in one sentence each; a curve with another name is shown without a sentence. */
export const CURVE_MEANINGS: Readonly<Record<string, { readonly title: string; readonly meaning: string }>> = {
  criticLoss: { title: 'Critic loss', meaning: 'What the critic minimises: it should fall, then level off.' },
  penalty: {
    title: 'Gradient penalty',
    meaning:
      'How far the critic is from the slope that it is held to. Where it counts for little, as in critics of images, it grows slowly as the critic learns; growth by leaps is trouble.',
  },
  wassersteinEstimate: {
    title: 'Wasserstein estimate',
    meaning:
      'The gap that the critic sees between what is normal and the rest: a generator’s, or what was moved off the data.',
  },
  meanDifference: {
    title: 'Distance between the outputs',
    meaning:
      'How much higher the critic puts changed copies than normal images, on average: it should grow, then level off.',
  },
  loss: {
    title: 'Loss of the decoder',
    meaning: 'Content and weighted style loss together, which the decoder minimises.',
  },
  contentLoss: {
    title: 'Content loss',
    meaning: 'How far the decoded image is, in the encoder, from what was to be decoded.',
  },
  styleLoss: {
    title: 'Style loss',
    meaning: 'How far its means and deviations are, in each layer, from those of the style.',
  },
  generatorLoss: {
    title: 'Generator loss',
    meaning: 'What the generator minimises. Only its steadiness says something: the critic moves all the time.',
  },
  normalLoss: { title: 'Loss on normal rows', meaning: 'How wrong the critic still is about normal rows.' },
  negativeLoss: { title: 'Loss on negatives', meaning: 'How wrong the critic still is about rows moved off the data.' },
  learningRate: { title: 'Learning rate', meaning: 'The size of a step.' },
};

/** Points to draw; more would be finer than a pixel. */
const MAX_POINTS = 240;

export interface Bucket {
  /** Mean step of the bucket. */
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** At most `count` buckets of neighbouring steps; values that are not finite are left out, empty buckets too. */
export function toBuckets(series: CurveSeries, count: number): Bucket[] {
  const points = series.steps
    .map((step, index) => ({ step, value: series.values[index] ?? NaN }))
    .filter((point) => Number.isFinite(point.value) && Number.isFinite(point.step));
  const size = Math.max(1, Math.ceil(points.length / count));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    const values = part.map((point) => point.value);
    return {
      step: mean(part.map((point) => point.step)),
      mean: mean(values),
      low: Math.min(...values),
      high: Math.max(...values),
    };
  });
}

export function renderCurves(networks: readonly NetworkCurves[]): Html {
  const shown = networks.filter((network) => network.series.length > 0);
  return html`<section id="curves">
    <h2>Training curves</h2>
    ${shown.length === 0 ? html`<p>No curves were recorded.</p>` : html`<p class="note">The line is the mean of neighbouring steps, the shade around it their smallest and largest value. Each curve has its own scale.</p>`}
    ${shown.map(renderNetwork)}
  </section>`;
}

function renderNetwork(network: NetworkCurves, index: number): Html {
  const rollbacks = network.rollbacks ?? [];
  return html`<section class="network">
    <h3>${network.network}</h3>
    ${rollbacks.length === 0 ? NOTHING : renderRollbacks(rollbacks)}
    <div class="curves">
      ${network.series.map((series, place) => renderSeries(series, rollbacks, `curve-${index}-${place}`))}
    </div>
  </section>`;
}

function renderRollbacks(rollbacks: readonly Rollback[]): Html {
  return html`<p>
      <span class="mark" aria-hidden="true"></span> ${plural(rollbacks.length, 'rollback')} to the last good state, at a
      lower rate:
    </p>
    <ul>
      ${rollbacks.map((rollback) => html`<li>step ${formatCount(rollback.step)}: ${rollback.reason}</li>`)}
    </ul>`;
}

function renderSeries(series: CurveSeries, rollbacks: readonly Rollback[], id: string): Html {
  const known = CURVE_MEANINGS[series.name];
  const title = known?.title ?? series.name;
  const buckets = toBuckets(series, MAX_POINTS);
  const lost = series.values.filter((value) => !Number.isFinite(value)).length;
  const chart = { id, description: describe(title, buckets, rollbacks), sizes: ['half', 'narrow'] as const };
  return html`<figure>
    <figcaption>
      <strong>${title}</strong>${known === undefined ? NOTHING : html` <span>${known.meaning}</span>`}
    </figcaption>
    ${buckets.length === 0 ? html`<p class="note">No finite values.</p>` : renderChart({ ...chart, options: () => toOptions(buckets, rollbacks) })}
    ${lost === 0 ? NOTHING : html`<p class="note">${plural(lost, 'value')} not finite, left out.</p>`}
  </figure>`;
}

function describe(title: string, buckets: readonly Bucket[], rollbacks: readonly Rollback[]): string {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) return `${title}: no values.`;
  const middle = buckets[Math.floor(buckets.length / 2)] ?? first;
  const at = (bucket: Bucket): string => `${formatNumber(bucket.mean)} at step ${formatCount(bucket.step)}`;
  const marks =
    rollbacks.length === 0 ? '' : ` Rollbacks at steps ${rollbacks.map((r) => formatCount(r.step)).join(', ')}.`;
  return `Line chart. ${title} by step: ${at(first)}, ${at(middle)}, ${at(last)}.${marks}`;
}

function toOptions(buckets: readonly Bucket[], rollbacks: readonly Rollback[]): ChartOptions {
  const span = toSpan(buckets);
  const clip = (value: number): number => Math.min(span.max, Math.max(span.min, value));
  const edges = { type: 'line', silent: true, symbol: 'none', stack: 'band', stackStrategy: 'all' } as const;
  return {
    grid: { left: 8, right: 14, top: 12, bottom: 8, containLabel: true },
    xAxis: { type: 'value', min: 0, max: 'dataMax', splitNumber: 4, ...AXIS, splitLine: { show: false } },
    yAxis: { type: 'value', ...span, splitNumber: 3, ...AXIS, axisLine: { show: false } },
    series: [
      { ...edges, lineStyle: { opacity: 0 }, data: buckets.map((b) => [b.step, clip(b.low)]) },
      {
        ...edges,
        lineStyle: { opacity: 0 },
        areaStyle: { color: INK.band, opacity: 1 },
        data: buckets.map((b) => [b.step, clip(b.high) - clip(b.low)]),
      },
      {
        type: 'line',
        silent: true,
        symbol: buckets.length === 1 ? 'circle' : 'none',
        lineStyle: { color: INK.series, width: 2 },
        itemStyle: { color: INK.series },
        data: buckets.map((b) => [b.step, b.mean]),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: INK.alarm, type: 'dashed', width: 1.5 },
          data: rollbacks.map((rollback) => ({ xAxis: rollback.step })),
        },
      },
    ],
  };
}

const AXIS = {
  axisLine: { onZero: false, lineStyle: { color: INK.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: INK.line, opacity: 0.6 } },
  axisLabel: {
    ...{ color: INK.text, fontSize: 12, hideOverlap: true, showMinLabel: false, showMaxLabel: false },
    formatter: (value: number) => formatNumber(value),
  },
};

/** The means' range with a margin: single outliers in a bucket are cut off rather than flattening the line. */
function toSpan(buckets: readonly Bucket[]): { min: number; max: number } {
  const means = buckets.map((bucket) => bucket.mean);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const margin = high > low ? (high - low) * 0.15 : Math.max(1e-6, Math.abs(low) * 0.1);
  return { min: low - margin, max: high + margin };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
