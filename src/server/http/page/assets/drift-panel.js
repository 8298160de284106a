import { formatCount, formatIndex, formatNumber, formatShare } from './format.js';

/** Of the stability index: from here on a shift is worth a look, and large (Siddiqi 2006). */
const LOOK = 0.1;
const LARGE = 0.25;
/** A meter is full here. */
const FULL = 0.5;

/** What has changed: one sentence on the scores, and the fields that differ most from the training rows. */
export class DriftPanel {
  #section;
  #state;
  #evidence;
  #note;
  #fields;

  constructor(section) {
    this.#section = section;
    [this.#state, this.#evidence, this.#note, this.#fields] = ['state', 'evidence', 'note', 'fields'].map((name) =>
      section.querySelector(`[data-drift='${name}']`),
    );
  }

  show(drift) {
    this.#section.hidden = false;
    const { alarmAtRow, largestOdds, alarmOdds, shifted, fieldCount } = drift;
    this.#state.className = alarmAtRow === null ? 'calm' : 'high';
    this.#state.textContent =
      alarmAtRow === null
        ? 'No change in the scores so far.'
        : `The scores have changed: alarm at record ${formatCount(alarmAtRow)}.`;
    this.#evidence.textContent =
      `Odds against "nothing has changed" were at most ${formatNumber(largestOdds)} to 1; ` +
      `the alarm is raised at ${formatNumber(alarmOdds)} to 1.`;
    this.#note.textContent =
      shifted === 0
        ? `None of the ${formatCount(fieldCount)} fields has shifted much from the training rows.`
        : `${formatCount(shifted)} of ${formatCount(fieldCount)} fields have shifted much from the training rows.`;
    this.#fields.replaceChildren(...drift.fields.map(createField));
  }
}

function createField({ name, index, missing, trainingMissing, unseen }) {
  const item = document.createElement('li');
  const meter = document.createElement('meter');
  Object.assign(meter, { min: 0, max: FULL, low: LOOK, high: LARGE, optimum: 0, value: Math.min(FULL, index) });
  meter.ariaLabel = `shift of ${name}`;
  const remarks = [`shift ${formatIndex(index)}`];
  if (missing > 0 || trainingMissing > 0)
    remarks.push(`${formatShare(missing)} missing, ${formatShare(trainingMissing)} in training`);
  if (unseen > 0) remarks.push(`${formatShare(unseen)} never seen in training`);
  item.append(createText(name, 'name'), meter, createText(remarks.join('; '), 'remark'));
  return item;
}

function createText(text, className) {
  const span = document.createElement('span');
  span.textContent = text;
  span.className = className;
  return span;
}
