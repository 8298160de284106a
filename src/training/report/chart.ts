import * as echarts from 'echarts';
import type { CustomSeriesOption, EChartsOption } from 'echarts';
import { html, trusted, type Html } from './html.ts';
import { PALETTE_CSS } from './style.ts';

export type ChartOptions = EChartsOption;
export type CustomSeries = CustomSeriesOption;

/** Colours are custom properties of the page, so that one drawing serves the light and the dark scheme. */
export const INK = {
  text: 'var(--muted)',
  line: 'var(--line)',
  series: 'var(--series)',
  band: 'var(--band)',
  bar: 'var(--bar)',
  alarm: 'var(--alarm)',
} as const;

/** Two drawings of each chart, one for wide and one for narrow screens: text that shrinks with its picture is unreadable. */
const SIZES = {
  wide: { width: 760, height: 260 },
  half: { width: 372, height: 190 },
  narrow: { width: 340, height: 220 },
};
export type ChartSize = keyof typeof SIZES;

/** Fonts of the page; ECharts estimates the widths of texts, which is enough for axes. */
export const FONT = 'system-ui, sans-serif';

export interface Chart {
  /** Unique in the page, lower-case letters, digits and hyphens. */
  readonly id: string;
  /** What the picture shows, in words and numbers, for those who do not see it. */
  readonly description: string;
  /** Sizes to draw; the page shows the first on wide screens, the last on narrow ones. */
  readonly sizes: readonly ChartSize[];
  readonly options: (size: ChartSize) => ChartOptions;
}

/** The chart as inline SVG: no script, no request, the same bytes for the same input. */
export function renderChart(chart: Chart): Html {
  return html`<div class="chart" role="img" aria-label="${chart.description}">
    ${chart.sizes.map((size) => draw(chart, size))}
  </div>`;
}

function draw(chart: Chart, size: ChartSize): Html {
  const svg = paint(chart.options(size), SIZES[size], `${chart.id}-${size}`);
  return trusted(svg.replace('<svg ', `<svg class="${size}" aria-hidden="true" focusable="false" `));
}

export interface Picture {
  /** Lower-case letters, digits and hyphens. */
  readonly id: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly options: ChartOptions;
}

/** A chart as an SVG file of its own, which brings its colours for light and dark along. */
export function renderPicture({ id, description, options, ...size }: Picture): string {
  const style = `<style>${PALETTE_CSS}svg{background:var(--paper)}</style>`;
  const title = html`<title>${description}</title>`;
  return `${paint(options, size, id).replace(/(<svg [^>]*>)/, `$1${title.markup}${style}`)}\n`;
}

function paint(options: ChartOptions, size: { readonly width: number; readonly height: number }, id: string): string {
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    instance.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...options });
    return tidy(instance.renderToSVGString({ useViewBox: true }), id);
  } finally {
    instance.dispose();
  }
}

/** Names inside the drawing are made stable and unique in the page; its hover rules, of no use here, go. */
function tidy(svg: string, id: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/zr\d+-/g, `${id}-`)
    .replace(/ pointer-events="visible"| ecmeta_\w+="[^"]*"| baseProfile="full"/g, '')
    .trim();
}
