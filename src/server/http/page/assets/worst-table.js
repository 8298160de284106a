import { formatNumber, formatTime } from './format.js';

/** Values beside each other in a row; the others are folded. */
const OPEN_FIELDS = 12;

/** The table of the worst records. Rows that stay are kept as they are, so that an opened one stays open while it is read. */
export class WorstTable {
  #body;
  #rows = new Map();

  constructor(body) {
    this.#body = body;
  }

  show(worst) {
    const rows = new Map(worst.map((score) => [score.sequence, this.#rows.get(score.sequence) ?? createRow(score)]));
    const same =
      rows.size === this.#rows.size && [...rows.keys()].every((key, place) => [...this.#rows.keys()][place] === key);
    if (!same) this.#body.replaceChildren(...rows.values());
    this.#rows = rows;
    for (const { sequence, reasons } of worst) showReasons(rows.get(sequence), reasons);
  }
}

/** They come a little later than the record. */
function showReasons(row, reasons) {
  const cell = row.lastElementChild;
  if (reasons.length === 0 || cell.querySelector('.reasons')) return;
  const list = document.createElement('ul');
  list.className = 'reasons';
  list.append(
    ...reasons.map((reason) => {
      const item = document.createElement('li');
      item.textContent = reason;
      return item;
    }),
  );
  cell.prepend(list);
}

function createRow(score) {
  const row = document.createElement('tr');
  // Said outright, because the phone's layout takes the roles away from table elements.
  row.role = 'row';
  if (score.anomalous) row.className = 'flagged';
  row.append(
    createCell(formatTime(score.atMs)),
    createCell(formatNumber(score.score), 'number score'),
    createCell(formatNumber(score.pValue), 'number'),
    createCell(score.transport === 'kafka' ? 'Kafka' : 'gRPC'),
    createRecordCell(score.record),
  );
  return row;
}

function createCell(text, className = '') {
  const cell = document.createElement('td');
  cell.textContent = text;
  cell.className = className;
  cell.role = 'cell';
  return cell;
}

function createRecordCell({ fields, more }) {
  const cell = createCell('');
  cell.append(createList(fields.slice(0, OPEN_FIELDS)));
  const folded = fields.slice(OPEN_FIELDS);
  if (folded.length + more === 0) return cell;
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.textContent = `${folded.length + more} more`;
  details.append(summary, createList(folded));
  if (more > 0) details.append(`and ${more} fields that are not shown`);
  cell.append(details);
  return cell;
}

function createList(fields) {
  const list = document.createElement('ul');
  list.className = 'fields';
  for (const [name, value] of fields) {
    const item = document.createElement('li');
    const label = document.createElement('span');
    label.textContent = name;
    item.append(label, ` ${value}`);
    list.append(item);
  }
  return list;
}
