import type { ExcludedColumn } from '../../models/features/schema.ts';
import { formatValue } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import type { ConfigRow } from './input.ts';

export function renderExcluded(excluded: readonly ExcludedColumn[]): Html {
  if (excluded.length === 0) {
    return html`<section id="excluded">
      <h2>Excluded columns</h2>
      <p>None: every column of the data is a field of the model.</p>
    </section>`;
  }
  return html`<section id="excluded">
    <h2>Excluded columns</h2>
    <div class="scroll" role="region" aria-label="Excluded columns" tabindex="0">
      <table>
        <caption>
          <span>Columns of the data that the model does not look at, and why.</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          ${excluded.map(
            (column) =>
              html`<tr>
                <th scope="row">${column.name}</th>
                <td>${column.reason}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

export function renderConfig(rows: readonly ConfigRow[]): Html {
  return html`<section id="config">
    <h2>Configuration</h2>
    <div class="scroll" role="region" aria-label="Configuration" tabindex="0">
      <table>
        <caption>
          <span>Every option as it was resolved; those that differ from their default are marked.</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col">Value</th>
            <th scope="col">Default</th>
            <th scope="col">Source</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(renderRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderRow(row: ConfigRow): Html {
  const [value, usual] = [formatValue(row.value), formatValue(row.default)];
  const unit = row.unit === undefined || row.value === undefined || row.value === null ? '' : ` ${row.unit}`;
  const changed = 'default' in row && value !== usual;
  return html`<tr>
    <th scope="row"><code>${row.name}</code></th>
    <td>${changed ? html`<mark>${value + unit}</mark>` : value + unit}</td>
    <td>${usual}</td>
    <td>${row.source ?? ''}</td>
  </tr>`;
}

export function renderLibraries(libraries: Readonly<Record<string, string>>): Html {
  const entries = Object.entries(libraries).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return NOTHING;
  return html`<section id="libraries">
    <h2>Libraries</h2>
    <dl class="facts">
      ${entries.map(
        ([name, version]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${version}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}
