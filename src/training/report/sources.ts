import { meanOf, type SourceComparison, type SourceVariant } from '../translate/compare-sources.ts';
import { formatCount, formatNumber } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';

const MEANING: { readonly [V in SourceVariant]: string } = {
  own: "the target's own rows",
  pooled: "and the other sources' normal rows, as they are",
  translated: "and the other sources' normal rows, translated",
};

const ADVICE: { readonly [V in SourceVariant]: string } = {
  own: 'Neither is better in every fold by 0.01: train the critic on the own rows alone, without --augment-training.',
  pooled:
    'Rows of the others help as they are: give all files as --data of a family with one source, and compare the models.',
  translated: 'Translated rows help in every fold: train with --augment-training.',
};

const DECIDED: { readonly [D in SourceComparison['decidedBy']]: string } = {
  known: 'The rows left out decide.',
  madeUp: 'The made-up rows decide, since few rows or none are left out.',
};

/** What rows of other sources would do to the target's critic; nothing where there is one source. */
export function renderSources(comparison: SourceComparison | undefined): Html {
  if (comparison === undefined) return NOTHING;
  const { rows, known, variants, recommended, decidedBy } = comparison;
  return html`<section id="sources">
    <h2>Own, pooled and translated rows</h2>
    <p>
      Each of the target's ${formatCount(rows)} normal rows was held out once, from critics that had a share of the
      steps and from a translation that did not see it, and so was each of the ${formatCount(known)} rows that --where
      leaves out. AUROC of the normal rows against rows made up from them (half of the fields exchanged, or one number
      moved by three standard deviations) and against the rows left out: mean of the folds, and the folds.
      ${DECIDED[decidedBy]}
    </p>
    <p><strong>${ADVICE[recommended]}</strong></p>
    <div class="scroll" role="region" aria-label="Own, pooled and translated rows" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Trained on</th>
            <th scope="col" class="number">Against made-up rows</th>
            <th scope="col" class="number">Against rows left out</th>
          </tr>
        </thead>
        <tbody>
          ${variants.map(
            (each) =>
              html`<tr>
                <th scope="row">${MEANING[each.variant]}</th>
                <td class="number">${showFolds(each.madeUp)}</td>
                <td class="number">${showFolds(each.known)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function showFolds(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  return `${formatNumber(meanOf(values))} (${values.map((value) => value.toFixed(2)).join(', ')})`;
}
