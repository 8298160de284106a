import { formatCount, formatNumber, formatShare } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import type { CalibrationGroupRow } from './input.ts';

/** Groups of rows that keep the false-alarm rate by themselves; nothing where rows are not grouped. */
export function renderGroups(groups: readonly CalibrationGroupRow[]): Html {
  if (groups.length === 0) return NOTHING;
  return html`<section id="groups">
    <h2>Calibration by group</h2>
    <p>
      Rows are judged by held-out rows with the same levels of the conditions, so that each group keeps the false-alarm
      rate by itself. The rest are combinations with too few held-out rows, and levels that training never saw; where
      they have too few of their own, all held-out rows judge them, and they keep no rate by themselves.
    </p>
    <div class="scroll" role="region" aria-label="Groups" tabindex="0">
      <table>
        <caption>
          Thresholds at the model's own rate.
        </caption>
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col" class="number">Held-out rows</th>
            <th scope="col" class="number">Threshold</th>
            <th scope="col" class="number">Smallest possible rate</th>
          </tr>
        </thead>
        <tbody>
          ${groups.map(
            ({ name, count, threshold, smallestRate }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="number">${formatCount(count)}</td>
                <td class="number">${formatNumber(threshold)}</td>
                <td class="number">${formatShare(smallestRate)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
