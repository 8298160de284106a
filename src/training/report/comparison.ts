import { formatCount, formatNumber, formatShare } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import type { ReportInput } from './input.ts';

type Comparison = NonNullable<ReportInput['comparison']>;

/** The model that this one goes on from and this one, on the same held-out rows; nothing for a model that was trained anew. */
export function renderComparison(comparison: ReportInput['comparison']): Html {
  if (comparison === undefined) return NOTHING;
  const { old, rows, rankCorrelation, distance, distanceByChance } = comparison;
  return html`<section id="comparison">
    <h2>Old and new on the same held-out rows</h2>
    <p>
      This model goes on from ${old.name} ${old.version} (${old.createdAt}). Both score the ${formatCount(rows)}
      held-out rows of the newer data, which the new model was not trained on (nor the old one, if these data were new
      to it). They are normal, so that every alarm on them is a false one.
    </p>
    ${renderDistance(distance, distanceByChance)}
    <p>The two models' scores have a rank correlation of ${formatNumber(rankCorrelation)}.</p>
    ${renderRates(comparison)} ${renderQuantiles(comparison)}
  </section>`;
}

function renderDistance(distance: number | undefined, byChance: number): Html {
  if (distance === undefined) {
    return html`<p>
      The old model is calibrated by groups, of which the rare ones have more held-out rows than their share: figures of
      all rows together, as those below, then change with the number of rows as well.
    </p>`;
  }
  const verdict = `${distance > byChance ? 'differ from' : 'are like'} those of its own calibration`;
  return html`<p>
    The old model's scores of these rows ${verdict}: the distributions lie ${formatNumber(distance)} apart, and
    ${formatNumber(byChance)} would be exceeded by chance once in twenty times (Kolmogorov and Smirnov).
  </p>`;
}

function renderRates({ rates }: Comparison): Html {
  const show = (share: number | undefined): string => (share === undefined ? 'refused' : formatShare(share));
  return html`<div class="scroll" role="region" aria-label="False alarms of both models" tabindex="0">
    <table>
      <caption>
        False alarms, by one threshold for all rows, also where a model is calibrated by groups. The new model's
        threshold is taken from one half of the rows and tried on the other, both ways.
      </caption>
      <thead>
        <tr>
          <th scope="col">Rate asked for</th>
          <th scope="col" class="number">Old model</th>
          <th scope="col" class="number">New model</th>
        </tr>
      </thead>
      <tbody>
        ${rates.map(
          (row) =>
            html`<tr>
              <th scope="row">${formatShare(row.rate)}</th>
              <td class="number">${show(row.old)}</td>
              <td class="number">${show(row.new)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function renderQuantiles({ quantiles }: Comparison): Html {
  return html`<div class="scroll" role="region" aria-label="Score quantiles of both models" tabindex="0">
    <table>
      <caption>
        Quantiles of the scores. Each model has a scale of its own.
      </caption>
      <thead>
        <tr>
          <th scope="col">Share of rows below</th>
          <th scope="col" class="number">Old model, its calibration</th>
          <th scope="col" class="number">Old model, these rows</th>
          <th scope="col" class="number">New model, these rows</th>
        </tr>
      </thead>
      <tbody>
        ${quantiles.map(
          (row) =>
            html`<tr>
              <th scope="row">${formatShare(row.share)}</th>
              <td class="number">${formatNumber(row.oldCalibration)}</td>
              <td class="number">${formatNumber(row.oldNow)}</td>
              <td class="number">${formatNumber(row.newNow)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
