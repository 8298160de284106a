import { formatCount, formatShare } from './format.js';
import { element, measure, text } from './charts.js';

/** Above the axis, the bar; below it, its numbers. */
const BOX = { top: 20, bottom: 18, left: 8, right: 8 };

/** The share of flagged records against its target, with the band in which normal records alone stay. */
export class AlarmChart {
  #svg;
  #verdict;
  #shown;

  constructor(svg, verdict) {
    this.#svg = svg;
    this.#verdict = verdict;
  }

  /** `band`: counts of flagged records; null where there is none. */
  set({ rows, flagged, band }, target) {
    const shares = band === null ? null : { low: band.low / rows, high: band.high / rows };
    this.#shown = { rate: rows > 0 ? flagged / rows : 0, rows, flagged, band: shares, target };
    const { words, state } = describe(this.#shown);
    if (this.#verdict.textContent !== words) this.#verdict.textContent = words;
    this.#verdict.className = state;
  }

  /** Whether more is flagged than normal records alone would explain. */
  get isHigh() {
    const { band, rate } = this.#shown;
    return band !== null && rate > band.high;
  }

  draw() {
    if (this.#shown === undefined) return;
    const { rate, band, target } = this.#shown;
    const plot = measure(this.#svg, BOX);
    const end = 1.15 * Math.max(2 * target, band?.high ?? 0, rate);
    const x = (share) => plot.left + (share / end) * plot.width;
    const bar = (from, to, name, inset) =>
      element('rect', {
        class: name,
        x: x(from),
        y: plot.top + inset,
        width: Math.max(1, x(to) - x(from)),
        height: plot.height - 2 * inset,
      });
    const mark = (share, label, name, y) => {
      const near = x(share) > plot.right - 90 ? 'end' : x(share) < plot.left + 60 ? 'start' : 'middle';
      return text(label, { class: name, x: x(share), y, 'text-anchor': near });
    };
    this.#svg.replaceChildren(
      bar(0, end, 'scale', 0),
      ...(band === null ? [] : [bar(band.low, band.high, 'band', 0)]),
      bar(0, rate, this.isHigh ? 'bar over' : 'bar', plot.height / 4),
      element('line', { class: 'target', x1: x(target), x2: x(target), y1: plot.top - 3, y2: plot.bottom + 3 }),
      mark(target, `target ${formatShare(target)}`, '', plot.top - 6),
      mark(rate, formatShare(rate), this.isHigh ? 'threshold-text' : 'value', plot.bottom + 14),
    );
  }

  /** For screen readers, which hear it now and then. */
  describe() {
    if (this.#shown !== undefined) this.#svg.setAttribute('aria-label', describe(this.#shown).words);
  }
}

function describe({ rate, rows, flagged, band, target }) {
  if (rows === 0) return { words: 'No records in the last minute.', state: 'note' };
  const count = `${formatCount(flagged)} of ${formatCount(rows)} records were flagged in the last minute, ${formatShare(rate)}.`;
  if (band === null)
    return { words: `${count} The target for normal records is ${formatShare(target)}.`, state: 'note' };
  const range = `${formatShare(band.low)} to ${formatShare(band.high)}`;
  if (rate > band.high) {
    return { words: `${count} More than normal records alone would explain (${range}).`, state: 'high' };
  }
  return { words: `${count} Normal records alone would give ${range}.`, state: 'note' };
}
