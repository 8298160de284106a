import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { note } from '../base/command-line.ts';
import { AristarchError } from '../base/errors.ts';
import { createRandom } from '../base/philox.ts';
import type { Terminal } from '../base/terminal.ts';
import { openSampler } from '../scoring/open-sampler.ts';
import type { Clock } from '../server/clock.ts';
import { resolveServeConfig } from '../server/config.ts';
import { openScoreStream } from '../server/grpc/client.ts';
import { createLog } from '../server/log.ts';
import { startServing, type ServeParts, type Serving } from '../server/serve.ts';
import { drawEvents, type DemoEvent } from './anomalies.ts';
import { drawPayments, type Payment } from './payments.ts';
import { checkPorts } from './ports.ts';
import { sendAll, sendPaced, type Pace } from './send.ts';
import type { DemoConfig } from './settings.ts';
import { percent, Tally, type DemoSummary, type ScoredEvent } from './tally.ts';
import { writePayments } from './write-normal.ts';

/** What the demo asks of training. */
export interface TrainOrder {
  readonly name: string;
  readonly data: string;
  /** Folder of the model; one that is there is replaced. */
  readonly out: string;
  readonly seed: number;
  /** Aborted when the demo is to end. */
  readonly end: AbortSignal;
}

export interface DemoParts {
  readonly config: DemoConfig;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly train: (order: TrainOrder) => Promise<void>;
  readonly openDetector: ServeParts['openDetector'];
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly end: AbortSignal;
}

export interface DemoResult extends DemoSummary {
  readonly rows: number;
  readonly trainingSeconds: number;
  readonly model: { readonly name: string; readonly version: string; readonly device: string; readonly folder: string };
  readonly addresses: Serving['addresses'];
}

/** Simulated time: training data start on a Monday, the stream begins when they end. */
const START_MS = Date.UTC(2026, 0, 5);
const REPORT_EVERY_MS = 5000;

/** Generates data, trains, serves, and sends events to the service over gRPC: once, or until the end is asked for. */
export async function runDemo(parts: DemoParts): Promise<DemoResult> {
  const { config, terminal, clock } = parts;
  const folder = config.out;
  await checkPorts(config);
  const { data, endMs } = await writeData(parts, folder);
  const startedMs = clock.monotonicMs();
  const model = join(folder, 'model');
  await parts.train({ name: 'demo-payments', data, out: model, seed: config.seed, end: parts.end });
  const trainingSeconds = (clock.monotonicMs() - startedMs) / 1000;
  checkNotEnded(parts.end);
  note(terminal, `trained in ${trainingSeconds.toFixed(0)} s; what it learnt: ${join(model, 'report.html')}`);
  const serving = await serve(parts, model);
  try {
    const random = createRandom(config.seed);
    const events = drawEvents(random.stream('demo', 'later'), random.stream('demo', 'faults'), endMs);
    const summary = await stream(parts, serving, events);
    const { name, version, device } = serving.model!;
    const { rows } = config;
    return {
      rows,
      trainingSeconds,
      model: { name, version, device, folder: model },
      addresses: serving.addresses,
      ...summary,
    };
  } finally {
    await serving.stop();
  }
}

async function writeData({ config, terminal }: DemoParts, folder: string): Promise<{ data: string; endMs: number }> {
  await mkdir(folder, { recursive: true });
  const data = join(folder, 'normal.parquet');
  const payments = drawPayments(createRandom(config.seed).stream('demo', 'normal'), START_MS);
  let endMs = START_MS;
  const rows = function* (): Generator<Payment> {
    for (let row = 0; row < config.rows; row++) {
      const payment: Payment = payments.next().value;
      endMs = payment.at.getTime();
      yield payment;
    }
  };
  await writePayments(data, rows());
  note(terminal, `generated ${config.rows} normal payments: ${data}`);
  return { data, endMs };
}

async function serve(parts: DemoParts, model: string): Promise<Serving> {
  const { config, terminal, clock, openDetector } = parts;
  const { grpcPort, httpPort } = config;
  const { stderr, colors } = terminal;
  const serving = await startServing({
    config: resolveServeConfig({ flags: {}, env: {}, file: { model, grpcPort, httpPort } }),
    log: createLog({ level: 'warn', stream: stderr, pretty: true, colors: colors.isColorSupported }),
    clock,
    openDetector,
    openSampler,
    // Kafka is not configured here, and nothing else ends by itself.
    onFatal: (error) => note(terminal, error.message),
  });
  note(terminal, `serving on ${serving.addresses.grpc} (gRPC, ${serving.model!.device})`);
  note(terminal, `live page: ${colors.bold(`http://${serving.addresses.http}/`)}`);
  return serving;
}

const EXPECT_DRIFT =
  'expect one warning that scores have drifted: the anomalies that are sent are a change, and it is seen';

async function stream(parts: DemoParts, serving: Serving, events: Iterator<DemoEvent>): Promise<DemoSummary> {
  const { config, terminal, clock } = parts;
  const client = openScoreStream(serving.addresses.grpc);
  const tally = new Tally();
  note(terminal, EXPECT_DRIFT);
  try {
    if (config.once) {
      for await (const scored of sendAll(client, events, config.events)) {
        checkNotEnded(parts.end);
        tally.add(scored);
      }
      return tally.summary();
    }
    note(terminal, `sending ${config.rate} payments a second, about one in forty of them anomalous; Ctrl-C ends`);
    const pace: Pace = {
      eventsPerSecond: config.rate,
      monotonicMs: clock.monotonicMs,
      ended: () => parts.end.aborted,
      sleep: (ms) => sleep(ms, undefined, { signal: parts.end }).catch(() => undefined),
    };
    let reportedMs = clock.monotonicMs();
    for await (const scored of sendPaced(client, events, pace)) {
      tally.add(scored);
      if (clock.monotonicMs() - reportedMs < REPORT_EVERY_MS) continue;
      reportedMs = clock.monotonicMs();
      note(terminal, describeProgress(tally.summary(), scored));
    }
    return tally.summary();
  } finally {
    client.close();
  }
}

function checkNotEnded(end: AbortSignal): void {
  if (end.aborted) throw new AristarchError('CANCELLED', 'the demo was stopped before it was done');
}

function describeProgress({ events, anomalies, recall, falseAlarms }: DemoSummary, last: ScoredEvent): string {
  const at = last.event.payment.at.toISOString().slice(0, 16).replace('T', ' ');
  return `${at}  ${events} scored, ${percent(recall)} of ${anomalies} anomalies found, ${percent(falseAlarms)} false alarms`;
}
