import { toLevels, toQuantiles } from './features.ts';
import { formatNumber, formatValue } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import type { FeatureSummary, ReportInput, WorstRow } from './input.ts';

const SHOWN_ROWS = 10;
const SHOWN_VALUES = 12;
/** Values rarer than this in training are marked. */
const RARE = 0.01;

export function renderWorstRows(input: ReportInput): Html {
  const rows = input.worstRows.slice(0, SHOWN_ROWS);
  if (rows.length === 0) return NOTHING;
  return html`<section id="worst">
    <h2>The most anomalous rows</h2>
    <p class="note">
      Look at these before you trust the model: if they are anomalies, the data were not normal; take them out with
      <code>--where</code> and train again. Marked values are rare in training: numbers outside the 1 % to 99 % range,
      levels below 1 %. The rarest come first.
    </p>
    <ol class="worst">
      ${rows.map((row) => renderRow(row, input.features))}
    </ol>
  </section>`;
}

function renderRow(row: WorstRow, features: readonly FeatureSummary[]): Html {
  const values = features
    .map((feature) => ({
      name: feature.field.name,
      value: row.values[feature.field.name],
      oddness: toOddness(row, feature),
    }))
    .sort((a, b) => b.oddness - a.oddness);
  const [shown, folded] = [values.slice(0, SHOWN_VALUES), values.slice(SHOWN_VALUES)];
  const list = (part: typeof values): Html =>
    html`<ul class="values">
      ${part.map(({ name, value, oddness }) => html`<li${oddness >= 1 ? html` class="odd"` : NOTHING}><span>${name}</span> ${oddness >= 1 ? html`<mark>${formatValue(value)}</mark>` : formatValue(value)}</li>`)}
    </ul>`;
  return html`<li>
    <p>
      score <strong>${formatNumber(row.score)}</strong>, p-value ${formatNumber(row.pValue)},
      ${row.heldOut ? 'held out' : 'trained on'}
    </p>
    ${list(shown)}${
      folded.length === 0
        ? NOTHING
        : html`<details>
            <summary>${folded.length} more values</summary>
            ${list(folded)}
          </details>`
    }
  </li>`;
}

/** How rare a value is in training: 1 and above is rare. For the order of values only; it plays no part in the score. */
function toOddness(row: WorstRow, { field, fingerprint }: FeatureSummary): number {
  const value = row.values[field.name];
  if (value === null || value === undefined) return fingerprint.missingShare < RARE ? 2 : 0;
  const quantiles = toQuantiles(fingerprint);
  if (typeof value === 'number' && quantiles !== undefined) {
    const { p1, p50, p99 } = quantiles;
    if (!Number.isFinite(value)) return Number.MAX_VALUE;
    const reach = value > p50 ? p99 - p50 : p50 - p1;
    if (value >= p1 && value <= p99) return reach > 0 ? Math.abs(value - p50) / reach / 2 : 0;
    return 1 + (reach > 0 ? Math.abs(value - p50) / reach : 10);
  }
  const levels = toLevels(fingerprint);
  if (levels.length === 0) return 0;
  const share = fingerprint.levelShares?.[formatLevel(value)] ?? 0;
  return share < RARE ? 1 + (RARE - share) / RARE : 1 - share;
}

function formatLevel(value: unknown): string {
  return typeof value === 'string' ? value : formatValue(value);
}
