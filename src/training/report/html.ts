/** A piece of markup that is safe to print as it stands. Only `html` and `trusted` make one. */
export interface Html {
  readonly markup: string;
}
type Part = Html | string | number | readonly Html[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and inside quoted attributes. Control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}/gu, '\uFFFD').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Markup from a template: every string put into it is escaped, so that a column's name cannot become a tag. */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = fixed[0] ?? '';
  parts.forEach((part, index) => {
    markup += toMarkup(part) + (fixed[index + 1] ?? '');
  });
  return { markup };
}

/** Markup that this program made itself. Never for text from outside. */
export function trusted(markup: string): Html {
  return { markup };
}

export const NOTHING: Html = { markup: '' };

function toMarkup(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map((piece) => piece.markup).join('');
}
