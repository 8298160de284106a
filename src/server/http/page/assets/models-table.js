import { formatCount } from './format.js';

const STATES = {
  default: 'serves, shown here',
  serving: 'serves',
  available: 'opened when asked for',
  unloaded: 'unloaded',
  refused: 'cannot be served',
};

/** The models of the process, and what is wrong with those that cannot be served. */
export class ModelsTable {
  #section;
  #body;
  #more;

  constructor(section) {
    this.#section = section;
    this.#body = section.querySelector('tbody');
    this.#more = section.querySelector('[data-models="more"]');
  }

  show({ models, more }) {
    this.#section.hidden = false;
    this.#body.replaceChildren(...models.map(createRow));
    this.#more.hidden = more === 0;
    this.#more.textContent = `and ${formatCount(more)} more`;
  }
}

function createRow({ name, serving, state, versions, refused, reason }) {
  const row = document.createElement('tr');
  row.role = 'row';
  const head = createCell('th', name, 'rowheader');
  head.scope = 'row';
  const troubled =
    refused > 0 ? `; ${formatCount(refused)} of ${formatCount(versions)} versions refused: ${reason}` : '';
  const said = createCell('td', STATES[state] + troubled, 'cell');
  said.className = refused > 0 ? 'high' : '';
  row.append(head, createCell('td', serving ?? '–', 'cell'), said);
  return row;
}

function createCell(kind, content, role) {
  const cell = document.createElement(kind);
  cell.textContent = content;
  cell.role = role;
  return cell;
}
