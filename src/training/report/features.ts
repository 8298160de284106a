import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import { ABSENT, formatNumber, formatShare, plural } from './format.ts';
import { html, NOTHING, trusted, type Html } from './html.ts';
import type { FeatureSummary } from './input.ts';

/** Rows of the table that are open from the start; the others are folded. */
const OPEN_ROWS = 40;
/** Levels that are named; the rest is summed up. */
const NAMED_LEVELS = 4;
const BAR = { width: 140, height: 18 } as const;

export function renderFeatures(features: readonly FeatureSummary[]): Html {
  if (features.length === 0) return NOTHING;
  const [open, folded] = [features.slice(0, OPEN_ROWS), features.slice(OPEN_ROWS)];
  return html`<section id="features">
    <h2>Features</h2>
    ${renderTable(open, `What training rows hold, field by field${folded.length > 0 ? ` (the first ${open.length})` : ''}. Boxes run from the 25 % to the 75 % quantile with the median in them, whiskers from 1 % to 99 %.`)}
    ${
      folded.length === 0
        ? NOTHING
        : html`<details>
            <summary>${plural(folded.length, 'further field')}</summary>
            ${renderTable(folded, `The other ${plural(folded.length, 'field')}.`)}
          </details>`
    }
  </section>`;
}

function renderTable(features: readonly FeatureSummary[], caption: string): Html {
  return html`<div class="scroll" role="region" aria-label="Features" tabindex="0">
    <table class="features">
      <caption>
        <span>${caption}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Kind</th>
          <th scope="col" class="number">Missing</th>
          <th scope="col" class="number">Mean</th>
          <th scope="col" class="number">Std. dev.</th>
          <th scope="col">Distribution</th>
          <th scope="col">In numbers</th>
        </tr>
      </thead>
      <tbody>
        ${features.map(renderFeature)}
      </tbody>
    </table>
  </div>`;
}

function renderFeature({ field, fingerprint }: FeatureSummary): Html {
  const kind = field.kind === 'number' && field.integer ? 'number, whole' : field.kind;
  return html`<tr>
    <th scope="row">${field.name}</th>
    <td>${kind}</td>
    <td class="number">${formatShare(fingerprint.missingShare)}</td>
    <td class="number">${formatNumber(fingerprint.mean)}</td>
    <td class="number">${formatNumber(fingerprint.standardDeviation)}</td>
    <td>${drawDistribution(fingerprint)}</td>
    <td class="numbers">${sayDistribution(fingerprint)}</td>
  </tr>`;
}

/** The quantiles of a fingerprint by name: min, 1 %, 5 %, 25 %, 50 %, 75 %, 95 %, 99 %, max. */
export interface Quantiles {
  readonly min: number;
  readonly p1: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p99: number;
  readonly max: number;
}

export function toQuantiles(fingerprint: ColumnFingerprint): Quantiles | undefined {
  const quantiles = fingerprint.quantiles;
  if (quantiles?.length !== 9 || !quantiles.every((value) => Number.isFinite(value))) return undefined;
  const [min = 0, p1 = 0, , p25 = 0, p50 = 0, p75 = 0, , p99 = 0, max = 0] = quantiles;
  return { min, p1, p25, p50, p75, p99, max };
}

/** Levels with their shares, most frequent first, ties by name. */
export function toLevels(fingerprint: ColumnFingerprint): [string, number][] {
  return Object.entries(fingerprint.levelShares ?? {}).sort(
    ([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1),
  );
}

function drawDistribution(fingerprint: ColumnFingerprint): Html {
  const quantiles = toQuantiles(fingerprint);
  if (quantiles !== undefined) return drawBox(quantiles);
  const levels = toLevels(fingerprint);
  return levels.length > 0 ? drawLevels(levels.map(([, share]) => share)) : html`${ABSENT}`;
}

/** Drawn beside its own numbers, so hidden from screen readers. */
function drawSvg(shapes: string): Html {
  return trusted(
    `<svg class="spark" viewBox="0 0 ${BAR.width} ${BAR.height}" width="${BAR.width}" height="${BAR.height}" aria-hidden="true" focusable="false">${shapes}</svg>`,
  );
}

function drawBox({ p1, p25, p50, p75, p99 }: Quantiles): Html {
  const span = p99 - p1;
  const x = (value: number): number =>
    2 + (span > 0 ? Math.round(((value - p1) / span) * (BAR.width - 4) * 10) / 10 : (BAR.width - 4) / 2);
  const boxWidth = Math.max(1, x(p75) - x(p25));
  return drawSvg(
    `<path d="M${x(p1)} 9H${x(p99)}M${x(p1)} 5v8M${x(p99)} 5v8" stroke="var(--muted)" fill="none"/>` +
      `<rect x="${x(p25)}" y="3" width="${boxWidth}" height="12" fill="var(--bar)"/>` +
      `<path d="M${x(p50)} 2v14" stroke="var(--ink)" stroke-width="2"/>`,
  );
}

function drawLevels(shares: readonly number[]): Html {
  let left = 0;
  const bars = shares.slice(0, 12).map((share, place) => {
    const width = Math.max(0, share * BAR.width);
    const bar = `<rect x="${left.toFixed(1)}" y="3" width="${Math.max(0.5, width - 1).toFixed(1)}" height="12" fill="var(--bar)" opacity="${Math.max(0.25, 1 - place * 0.15).toFixed(2)}"/>`;
    left += width;
    return bar;
  });
  return drawSvg(
    `<rect x="0" y="3" width="${BAR.width}" height="12" fill="var(--line)" opacity="0.5"/>${bars.join('')}`,
  );
}

function sayDistribution(fingerprint: ColumnFingerprint): Html {
  const quantiles = toQuantiles(fingerprint);
  if (quantiles !== undefined) return sayQuantiles(quantiles);
  const levels = toLevels(fingerprint);
  if (levels.length === 0) return html`${ABSENT}`;
  const rest = levels.length - NAMED_LEVELS;
  const named = levels
    .slice(0, NAMED_LEVELS)
    .map(([name, share]) => `${name === '' ? '(empty)' : name} ${formatShare(share)}`);
  return html`${named.join(', ')}${rest > 0 ? `, and ${plural(rest, 'more level')}` : ''}`;
}

function sayQuantiles({ min, p1, p50, p99, max }: Quantiles): Html {
  if (min === max) return html`always ${formatNumber(min)}`;
  return html`${formatNumber(min)} [${formatNumber(p1)} … ${formatNumber(p50)} … ${formatNumber(p99)}]
  ${formatNumber(max)}`;
}
