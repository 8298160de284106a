import { html, NOTHING, trusted, type Html } from './html.ts';
import type { Picture } from './input.ts';

/** Pictures, inside the page. */
export function renderPictures(pictures: readonly Picture[] = []): Html {
  if (pictures.length === 0) return NOTHING;
  return html`<section id="pictures">
    <h2>Pictures</h2>
    ${pictures.map(renderPicture)}
  </section>`;
}

const renderPicture = ({ title, note, png }: Picture): Html =>
  html`<figure class="picture">
    <figcaption><strong>${title}</strong> <span>${note}</span></figcaption>
    <img alt="${title}" src="data:image/png;base64,${trusted(Buffer.from(png).toString('base64'))}" />
  </figure>`;
