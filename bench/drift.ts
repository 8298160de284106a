import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createRandom } from '../src/base/philox.ts';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { createDriftMonitor, shiftedFields } from '../src/scoring/drift/drift-monitor.ts';
import { createScoreDrift } from '../src/scoring/drift/score-drift.ts';
import { scoreRealSet, type RealScores } from './drift/real-scores.ts';
import {
  countFalseAlarms,
  measureDelays,
  mix,
  normalScores,
  shuffle,
  type Delays,
  type FalseAlarms,
} from './drift/streams.ts';
import { cpuClock } from './support/detector.ts';
import { DATA_FOLDER } from './support/open-sets.ts';

const HELP = `npm run bench:drift [-- --json] [--streams N] [--rows N] [--window N] [--sets http,cover]

How often the alarm of drift is raised on exchangeable streams (never more often than stated), and how soon after a change:
generated scores, and scores of real rows by a model trained on 20,000 of the set's normal ones, where the sets are there.
Ends with an error where false alarms are more than chance allows (three standard errors).`;

interface Row {
  readonly stream: string;
}
type FalseAlarmRow = Row & FalseAlarms;
type DelayRow = Row & { readonly change: string } & Delays;

interface BenchOptions {
  readonly streams: number;
  readonly rows: number;
  readonly window: number;
}

/** What a change does to standard normal scores. */
const CHANGES: Readonly<Record<string, (z: number, row: number) => number>> = {
  'every score rises by 3 standard deviations': (z) => z + 3,
  'every score rises by 1': (z) => z + 1,
  'every score rises by 0.25': (z) => z + 0.25,
  'every score falls by 1': (z) => z - 1,
  'scores spread 1.5 times as far': (z) => 1.5 * z,
  'scores spread half as far': (z) => 0.5 * z,
};
const SHARES = [0.01, 0.05, 0.2, 1];
const [ROWS_BEFORE, ROWS_AFTER] = [50_000, 20_000];

function benchGenerated({ streams, rows, window }: BenchOptions): { falseAlarms: FalseAlarmRow; delays: DelayRow[] } {
  const falseAlarms = countFalseAlarms(streams, window, (seed) => normalScores(seed, rows));
  const delays = Object.entries(CHANGES).map(([change, shift]) => ({
    ...{ stream: 'generated', change },
    ...measureDelays(streams, window, (seed) => {
      const scores = normalScores(seed, ROWS_BEFORE + ROWS_AFTER);
      return { before: scores.subarray(0, ROWS_BEFORE), after: scores.subarray(ROWS_BEFORE).map(shift) };
    }),
  }));
  return { falseAlarms: { stream: 'generated', ...falseAlarms }, delays };
}

function benchReal(
  { set, normals, anomalies }: RealScores,
  { streams, window }: BenchOptions,
): { falseAlarms: FalseAlarmRow; delays: DelayRow[] } {
  const falseAlarms = countFalseAlarms(streams, window, (seed) => shuffle(normals, seed));
  const delays = SHARES.map((share) => ({
    ...{ stream: set, change: `${100 * share} % of the rows are anomalies` },
    ...measureDelays(streams, window, (seed) => ({
      before: shuffle(normals, seed).subarray(0, ROWS_BEFORE),
      after: mix(normals, anomalies, { share, rows: ROWS_AFTER, seed }),
    })),
  }));
  return { falseAlarms: { stream: set, ...falseAlarms }, delays };
}

/** The normal rows as they lie in the file, which is no random order. */
function inFileOrder({ set, normals }: RealScores, window: number) {
  const drift = createScoreDrift({ alarmProbability: 0.01, window, random: createRandom(1) });
  drift.observe(normals);
  return { set, ...drift.summary };
}

/** Processor time beside that of scoring, and what the fields say of normal and of anomalous rows. */
function measureFields({ set, schema, columns, normalRows, anomalousRows, ...real }: RealScores, window: number) {
  const create = () =>
    createDriftMonitor({
      ...{ schema, columns, window, trainingRows: 20_000, alarmProbability: 0.01 },
      onAlarm: () => undefined,
    });
  const width = schema.fields.length;
  const run = (rows: Float32Array, scores: Float32Array, perCall: number) => {
    const monitor = create();
    const clock = cpuClock();
    for (let from = 0; from < scores.length; from += perCall) {
      monitor.observe(rows.subarray(from * width, (from + perCall) * width), scores.subarray(from, from + perCall));
    }
    const microseconds = (clock() * 1e6) / scores.length;
    const { fields } = monitor.summary();
    const largest = Math.max(...fields.map(({ stabilityIndex }) => stabilityIndex));
    return { microseconds, largest, shifted: shiftedFields({ fields }).length };
  };
  const costs = [1, 64, 256, 4096].map((perCall) => {
    const { microseconds } = run(normalRows, real.normals, perCall);
    return { perCall, microsecondsPerRow: microseconds };
  });
  const [normal, anomalous] = [run(normalRows, real.normals, 256), run(anomalousRows, real.anomalies, 256)];
  return {
    ...{ set, fields: schema.fields.length, scoring: real.microsecondsPerRow, costs },
    normal: { largest: normal.largest, shifted: normal.shifted },
    anomalous: { largest: anomalous.largest, shifted: anomalous.shifted },
  };
}

function showFalseAlarms({ stream, streams, rows, alarms, largestLog10 }: FalseAlarmRow): string {
  const counts = alarms.map((each) => `${each.streams} at ${each.probability}`).join(', ');
  return `  ${stream}: ${streams} streams of ${rows} rows: alarms ${counts}; largest 10^${largestLog10.toFixed(2)}`;
}

function showDelays({ stream, change, ...delays }: DelayRow): string {
  const { streams, early, missed, median, ninetieth, longest } = delays;
  const found = `${streams - early - missed} of ${streams} found (${early} early, ${missed} missed)`;
  return `  ${stream}, ${change}: ${found}; rows to the alarm: median ${median}, 90 % ${ninetieth}, longest ${longest}`;
}

/** More alarms than three standard errors above the stated probability. */
function isTooMany({ streams, alarms }: FalseAlarms): boolean {
  return alarms.some(({ probability: a, streams: n }) => n > a * streams + 3 * Math.sqrt(a * (1 - a) * streams));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      streams: { type: 'string', default: '100' },
      rows: { type: 'string', default: '1000000' },
      window: { type: 'string', default: '10000' },
      sets: { type: 'string', default: 'http,cover' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const options = { streams: Number(values.streams), rows: Number(values.rows), window: Number(values.window) };
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const say = (text: string) => (values.json ? undefined : console.log(text));
  say(`${machine}; window ${options.window}`);
  const results = [benchGenerated(options)];
  const real: RealScores[] = [];
  if (existsSync(DATA_FOLDER)) {
    const executor = await openExecutor({ device: 'cpu', threads: 1, warn: say });
    for (const set of values.sets.split(',')) real.push(await scoreRealSet(executor, set, 1));
    await executor.close();
    results.push(...real.map((each) => benchReal(each, options)));
  } else say('  the labelled sets are absent: generated scores only');
  const falseAlarms = results.map((each) => each.falseAlarms);
  const delays = results.flatMap((each) => each.delays);
  const fileOrder = real.map((each) => inFileOrder(each, options.window));
  const fields = real.map((each) => measureFields(each, options.window));
  say(
    ['False alarms', ...falseAlarms.map(showFalseAlarms), 'Delays, alarm at 0.01', ...delays.map(showDelays)].join(
      '\n',
    ),
  );
  say(`In file order\n  ${JSON.stringify(fileOrder)}\nFields and cost\n  ${JSON.stringify(fields)}`);
  if (values.json)
    console.log(JSON.stringify({ machine, ...options, falseAlarms, delays, fileOrder, fields }, null, 2));
  if (falseAlarms.some(isTooMany)) process.exitCode = 1;
}

await main();
