import { AlarmChart } from './alarm-chart.js';
import { HistogramChart, StreamChart } from './charts.js';
import { DriftPanel } from './drift-panel.js';
import { formatCount, formatDate, formatNumber, formatShare } from './format.js';
import { ModelsTable } from './models-table.js';
import { WorstTable } from './worst-table.js';

const ANNOUNCE_EVERY_MS = 15_000;

const at = (id) => document.getElementById(id);
const stream = new StreamChart(at('stream'));
const histogram = new HistogramChart(at('histogram'));
const alarms = new AlarmChart(at('alarms'), at('alarm-verdict'));
const models = new ModelsTable(at('models'));
const worst = new WorstTable(at('worst'));
const drift = new DriftPanel(at('drift'));
const calm = matchMedia('(prefers-reduced-motion: reduce)');

let model;
let latest;
let paused = false;
let announcedAt = 0;
let drawnAt = 0;

function showModel(next) {
  model = next;
  latest = undefined;
  document.title = `${model.name}: Aristarch, live`;
  at('model-name').textContent = model.name;
  at('model-version').textContent = `version ${model.version}`;
  at('model-facts').textContent =
    `${model.family} on ${model.device}, trained ${formatDate(model.trainedAt)} on ${formatCount(model.trainingRows)} rows, ` +
    `calibrated on ${formatCount(model.calibrationRows)}`;
  stream.reset(model);
  histogram.reset(model);
}

function show(scores) {
  at('rows').textContent = formatCount(scores.rows);
  at('throughput').textContent =
    scores.rowsPerSecond < 10 ? formatNumber(scores.rowsPerSecond) : formatCount(scores.rowsPerSecond);
  at('flagged').textContent = formatCount(scores.flagged);
  if (scores.rows > 0) at('flagged-note').textContent = `${formatShare(scores.flagged / scores.rows)} since the start`;
  const { rows, flagged } = scores.minute;
  const rate = rows > 0 ? flagged / rows : 0;
  at('alarm-rate').textContent = rows > 0 ? formatShare(rate) : '–';
  alarms.set(scores.minute, model.falsePositiveRate);
  at('alarm-rate').className = alarms.isHigh ? 'high' : '';
  at('alarm-note').textContent = `target for normal records: ${formatShare(model.falsePositiveRate)}`;
  at('window').textContent = formatCount(scores.counts.reduce((sum, count) => sum + count, 0));
  at('worst-empty').hidden = scores.worst.length > 0;
  histogram.set(scores.counts);
  worst.show(scores.worst);
  draw();
  announce(scores, rate);
}

function draw() {
  alarms.draw();
  stream.draw();
  histogram.draw();
}

/** Screen readers hear a summary now and then, never the stream. */
function announce(scores, rate) {
  if (scores.atMs - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = scores.atMs;
  alarms.describe();
  stream.describe();
  histogram.describe();
  at('announcer').textContent =
    `${formatCount(scores.rows)} records scored, ${formatShare(rate)} flagged in the last minute.`;
}

function setStatus(state, words) {
  at('status').dataset.state = state;
  if (at('status').textContent !== words) at('status').textContent = words;
}

function setLive() {
  setStatus(paused ? 'paused' : 'live', paused ? 'paused' : 'live');
}

function onScores(scores) {
  latest = scores;
  stream.add(scores.points);
  if (paused || (calm.matches && scores.atMs - drawnAt < 1000)) return;
  drawnAt = scores.atMs;
  show(scores);
}

at('pause').addEventListener('click', () => {
  paused = !paused;
  at('pause').setAttribute('aria-pressed', String(paused));
  at('pause').textContent = paused ? 'Resume' : 'Pause';
  setLive();
  if (!paused && latest) show(latest);
});
addEventListener('resize', () => {
  if (latest) draw();
});

const events = new EventSource('events');
events.addEventListener('open', setLive);
events.addEventListener('error', () => setStatus('lost', 'connection lost, trying again'));
events.addEventListener('model', (event) => showModel(JSON.parse(event.data)));
events.addEventListener('scores', (event) => onScores(JSON.parse(event.data)));
events.addEventListener('models', (event) => models.show(JSON.parse(event.data)));
events.addEventListener('drift', (event) => {
  if (!paused) drift.show(JSON.parse(event.data));
});
