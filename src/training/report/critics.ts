import { formatCount, formatNumber } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import type { ReportInput } from './input.ts';

/** The critic that drives a generator and the one that scores, as detectors; nothing where no generator was trained. */
export function renderCritics(critics: ReportInput['critics']): Html {
  if (critics === undefined) return NOTHING;
  const { images, own, detecting, isShownToOwn } = critics;
  const shown = isShownToOwn
    ? 'The own critic was trained on these images, which flatters its figure; the detecting critic’s is of its folds, each on images that it was not trained on.'
    : 'Neither critic was trained on these images.';
  return html`<section id="critics">
    <h2>Two critics</h2>
    <p>
      The generator’s own critic was trained against generated images, and is kept in no file; critic.onnx is the
      detecting critic. Both scored ${formatCount(images)} held-out images and a copy of each, changed as the detecting
      critic’s negatives are. AUROC is the share of pairs in which the copy scores higher: at 0.5 a detector says
      nothing. ${shown} Nothing is chosen by these figures.
    </p>
    <div class="scroll" role="region" aria-label="Two critics" tabindex="0">
      <table>
        <caption>
          Held-out images and their changed copies, told apart by each critic.
        </caption>
        <thead>
          <tr>
            <th scope="col">Critic</th>
            <th scope="col" class="number">AUROC</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">the generator’s own, against generated images</th>
            <td class="number">${formatNumber(own)}</td>
          </tr>
          <tr>
            <th scope="row">the detecting critic, against changed copies</th>
            <td class="number">${formatNumber(detecting)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  </section>`;
}
