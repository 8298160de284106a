import { formatNumber, formatShare } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = { top: 30, right: 8, bottom: 22, left: 44 };
/** Dots of the stream; older ones leave at the left. */
const DOTS = 300;
const SHARE_TICKS = [0.01, 0.05, 0.1, 0.2, 0.4, 0.8];

/** Scores streaming by: a dot for each, a diamond for each flagged one, an arrow at the top edge where it is off the axis. */
export class StreamChart {
  #svg;
  #model;
  #points = [];

  constructor(svg) {
    this.#svg = svg;
  }

  reset(model) {
    this.#model = model;
    this.#points = [];
  }

  add(points) {
    const last = this.#points.at(-1)?.[0] ?? 0;
    this.#points = [...this.#points, ...points.filter(([sequence]) => sequence > last)].slice(-DOTS);
  }

  draw() {
    const { edges, threshold, falsePositiveRate, groups } = this.#model;
    const plot = measure(this.#svg);
    const [low, high] = [edges[0], edges.at(-1)];
    const y = (score) => plot.bottom - (Math.min(1, Math.max(0, (score - low) / (high - low))) * plot.height || 0);
    const x = (index) => plot.right - 6 - (this.#points.length - 1 - index) * ((plot.width - 12) / DOTS);
    const marks = this.#points.map(([, score, , flagged], index) =>
      drawMark(x(index), y(score), flagged, score > high),
    );
    this.#svg.replaceChildren(
      ...toTicks(low, high, 4).flatMap((tick) => drawGridLine(plot, y(tick), formatNumber(tick))),
      ...marks,
      element('line', { class: 'threshold', x1: plot.left, x2: plot.right, y1: y(threshold), y2: y(threshold) }),
      text(`${describeLimit(threshold, groups)} (${formatShare(falsePositiveRate)} of normal)`, {
        class: 'threshold-text',
        x: plot.right,
        y: 12,
        'text-anchor': 'end',
      }),
    );
  }

  describe() {
    const flagged = this.#points.filter((point) => point[3] === 1).length;
    const worst = Math.max(...this.#points.map((point) => point[1]));
    this.#svg.setAttribute(
      'aria-label',
      this.#points.length === 0
        ? 'No scores yet'
        : `The latest ${this.#points.length} scores: ${flagged} flagged, the highest ${formatNumber(worst)}`,
    );
  }
}

/** The latest scores by bin, with the calibration's shares as an outline. */
export class HistogramChart {
  #svg;
  #model;
  #counts = [];

  constructor(svg) {
    this.#svg = svg;
  }

  reset(model) {
    this.#model = model;
    this.#counts = model.expected.map(() => 0);
  }

  set(counts) {
    this.#counts = counts;
  }

  draw() {
    const { edges, expected, threshold, groups } = this.#model;
    const plot = measure(this.#svg);
    const shares = this.#shares();
    const top = Math.max(0.05, ...shares, ...expected);
    const [low, high] = [edges[0], edges.at(-1)];
    const x = (score) => plot.left + ((score - low) / (high - low)) * plot.width;
    const y = (share) => plot.bottom - Math.sqrt(share / top) * plot.height;
    const bars = shares.map((share, bin) =>
      element('rect', {
        class: edges[bin] >= threshold ? 'bar over' : 'bar',
        x: x(edges[bin]) + 0.5,
        y: y(share),
        width: Math.max(1, x(edges[bin + 1]) - x(edges[bin]) - 1),
        height: plot.bottom - y(share),
      }),
    );
    const outline = expected.map((share, bin) => `L${x(edges[bin])} ${y(share)}H${x(edges[bin + 1])}`).join('');
    this.#svg.replaceChildren(
      ...SHARE_TICKS.filter((tick) => tick <= top && tick > top / 20).flatMap((tick) =>
        drawGridLine(plot, y(tick), formatShare(tick)),
      ),
      ...bars,
      element('path', { class: 'outline', d: `M${plot.left} ${plot.bottom}${outline}` }),
      element('line', { class: 'threshold', x1: x(threshold), x2: x(threshold), y1: plot.top, y2: plot.bottom }),
      text(groups > 0 ? 'about here' : 'flagged', { class: 'threshold-text', x: x(threshold) + 5, y: plot.top - 6 }),
      ...toTicks(low, high, 5).map((tick) =>
        text(formatNumber(tick), { x: x(tick), y: plot.bottom + 16, 'text-anchor': 'middle' }),
      ),
    );
  }

  describe() {
    const { edges, expected, threshold } = this.#model;
    const over = (values) => values.reduce((sum, value, bin) => sum + (edges[bin] >= threshold ? value : 0), 0);
    this.#svg.setAttribute(
      'aria-label',
      `Histogram: ${formatShare(over(this.#shares()))} of the latest scores lie in bins above the threshold, and ${formatShare(over(expected))} of held-out normal rows`,
    );
  }

  #shares() {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    return this.#counts.map((count) => (total > 0 ? count / total : 0));
  }
}

/** The plot's box in pixels; drawing at the size on the screen keeps texts readable on a phone. */
export function measure(svg, margin = MARGIN) {
  const [width, height] = [svg.clientWidth || 600, svg.clientHeight || 250];
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  return { left, right, top, bottom, width: right - left, height: bottom - top };
}

function drawMark(x, y, flagged, above) {
  if (!flagged) return element('circle', { class: 'dot', cx: x, cy: y, r: 2.5 });
  if (above) return element('path', { class: 'flag', d: `M${x} ${y - 7}l6 10h-12z` });
  return element('path', { class: 'flag', d: `M${x} ${y - 6}l5 6l-5 6l-5-6z` });
}

function drawGridLine(plot, y, label) {
  return [
    element('line', { class: 'grid', x1: plot.left, x2: plot.right, y1: y, y2: y }),
    text(label, { x: plot.left - 6, y: y + 4, 'text-anchor': 'end' }),
  ];
}

/** Round numbers inside (low, high), about `count` of them. */
export function toTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let place = Math.ceil(low / step); place * step <= high; place++) ticks.push(place * step || 0);
  return ticks;
}

/** Above which score rows are flagged; of groups, each has a threshold of its own, and the line is where they lie all in all. */
function describeLimit(threshold, groups) {
  return groups > 0
    ? `each of ${groups} groups has its own threshold, about ${formatNumber(threshold)}`
    : `flagged above ${formatNumber(threshold)}`;
}

export function element(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

export function text(content, attributes) {
  const node = element('text', attributes);
  node.textContent = content;
  return node;
}
