import { renderComparison } from './comparison.ts';
import { renderConfig, renderExcluded, renderLibraries } from './config.ts';
import { renderCritics } from './critics.ts';
import { renderCurves } from './curves.ts';
import { renderFeatures } from './features.ts';
import { renderGroups } from './groups.ts';
import { renderHeader } from './header.ts';
import { html, NOTHING, trusted } from './html.ts';
import type { ReportInput } from './input.ts';
import { renderPictures } from './pictures.ts';
import { renderSources } from './sources.ts';
import { renderScores } from './scores.ts';
import { REPORT_CSS } from './style.ts';
import { renderWorstRows } from './worst-rows.ts';

/** Nothing may be loaded or run: the report opens as safely from a mail as from the artefact's folder. */
const CONTENT_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The training report as one self-contained HTML page: no script, no request, the same bytes for the same input. */
export function renderReport(input: ReportInput): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}" />
        <title>${input.meta.name} ${input.meta.version}: training report</title>
        <style>
          ${trusted(REPORT_CSS)}
        </style>
      </head>
      <body>
        ${renderHeader(input)}
        <main>
          ${renderComparison(input.comparison)} ${renderSources(input.sourceComparison)} ${renderScores(input)}
          ${renderGroups(input.groups)} ${renderCritics(input.critics)} ${renderPictures(input.pictures)}
          ${renderCurves(input.curves)} ${renderWorstRows(input)} ${renderFeatures(input.features)}
          ${input.image ? NOTHING : renderExcluded(input.excluded)} ${renderConfig(input.config)}
          ${renderLibraries(input.libraries)}
        </main>
        <footer>Made by Aristarch. Scores: higher is more anomalous, always.</footer>
      </body>
    </html> `;
  return page.markup;
}
