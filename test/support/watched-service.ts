import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePorts, type KafkaBroker, startKafkaBroker } from './kafka-broker.ts';
import { connectKafkaTestClient, type KafkaTestClient } from './kafka-client.ts';
import type { ScoreMessage } from './grpc-client.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { normalOrders, toCsv, type Order } from './orders.ts';
import { type ServeProcess, startServeProcess } from './serve-process.ts';
import { trainTiny } from './tiny-training.ts';
import { waitUntil } from './wait-until.ts';

/** A process that can be killed and started again, at the same addresses. */
export interface WatchedProcess extends AsyncDisposable, Omit<ServeProcess, 'pid'> {
  start(): Promise<void>;
}

/** `serve` with a folder of models, a real broker, and a real Prometheus that scrapes it. */
export interface WatchedService extends AsyncDisposable {
  readonly broker: KafkaBroker;
  readonly client: KafkaTestClient;
  readonly serve: WatchedProcess;
  /** A second process with the same models, and without Kafka, where it was asked for. */
  readonly spare?: WatchedProcess;
  readonly prometheus: Prometheus;
  /** Folder of the models; its model is `orders`. */
  readonly models: string;
  readonly topics: { readonly events: string; readonly scores: string; readonly refused: string };
}

export interface WatchOptions {
  /** Text of a file of rules. */
  readonly rules?: string;
  readonly withSpare?: boolean;
  /** Of the Prometheus. */
  readonly scrapeMs?: number;
}

export async function startWatchedService(options: WatchOptions = {}): Promise<WatchedService> {
  const { rules, withSpare = false, scrapeMs = 500 } = options;
  const opened: AsyncDisposable[] = [];
  const open = async <T extends AsyncDisposable>(opening: Promise<T>): Promise<T> => {
    const part = await opening;
    opened.unshift(part);
    return part;
  };
  const close = async (): Promise<void> => {
    for (const part of opened) await part[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  };
  const home = await mkdtemp(join(tmpdir(), 'aristarch-watched-'));
  try {
    const models = join(home, 'models');
    await trainOrders(home, join(models, 'orders/1'), new Date());
    const broker = await open(startKafkaBroker());
    const client = await open(connectKafkaTestClient(broker.address));
    for (const topic of Object.values(TOPICS)) await client.createTopic(topic, 2);
    const serve = await open(startServing(...flagsOf(models, broker)));
    const spare = withSpare ? await open(startServing(...modelFlags(models))) : undefined;
    const targets = [serve, ...(spare === undefined ? [] : [spare])].map(({ addresses }) => addresses.http);
    const prometheus = await open(startPrometheus({ targets, scrapeMs, ...(rules !== undefined && { rules }) }));
    const isWatched = async () => (await prometheus.query('aristarch_build_info')).length === targets.length;
    await waitUntil('each process to be scraped', isWatched);
    const parts = { broker, client, serve, ...(spare !== undefined && { spare }), prometheus, models };
    return { ...parts, topics: TOPICS, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function startServing(...flags: string[]): Promise<WatchedProcess> {
  const [grpc, http] = await findFreePorts();
  const start = (): Promise<ServeProcess> =>
    startServeProcess(...flags, '--grpc-port', String(grpc), '--http-port', String(http));
  let running = await start();
  const kill = (): Promise<void> => running.kill();
  return {
    ...{ addresses: running.addresses, model: running.model },
    kill,
    // Somebody else's connection may have been given the port meanwhile.
    start: async () => {
      running = await waitUntil('the process to start again', () => start().catch(() => undefined), 90_000);
    },
    [Symbol.asyncDispose]: kill,
  };
}

const TOPICS = { events: 'events', scores: 'scores', refused: 'refused' };

function flagsOf(models: string, { address }: KafkaBroker): string[] {
  return [
    ...modelFlags(models),
    ...['--kafka-brokers', address, '--topic-in', TOPICS.events, '--topic-out', TOPICS.scores],
    ...['--dead-letter', TOPICS.refused, '--explain-top-k', '2'],
  ];
}

/** Of drift, by chance: at the usual 0.01 one service of a hundred would alarm under usual traffic. */
export const ALARM_PROBABILITY = 0.0001;

export const modelFlags = (models: string): string[] => [
  ...['--models', models, '--default-model', 'orders', '--models-poll-ms', '500', '--max-queue-rows', '1000'],
  ...['--drift-alarm-probability', String(ALARM_PROBABILITY)],
];

/** A small model of the shop's orders, trained now, or as if it had been then. */
export async function trainOrders(home: string, folder: string, now: Date): Promise<void> {
  const data = join(home, 'orders.csv');
  await writeFile(data, toCsv(normalOrders(2000)));
  await trainTiny({ data, out: folder }, { now: () => now });
}

/** The model that serves, once more under another name, where it is not there yet; whole, and changed, or not at all. */
export async function addCopy(
  { models }: Pick<WatchedService, 'models'>,
  name: string,
  change: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const [folder, draft] = [join(models, name), join(models, '.copy')];
  if (existsSync(folder)) return;
  await cp(join(models, 'orders/1'), draft, { recursive: true });
  await change(draft);
  await mkdir(dirname(folder), { recursive: true });
  await rename(draft, folder);
}

/** What says which version of the model serves, moved into place as a whole. */
export async function writeServingFile({ models }: Pick<WatchedService, 'models'>, text: string): Promise<void> {
  const draft = join(models, 'orders/serving.tmp');
  await writeFile(draft, text);
  await rename(draft, join(models, 'orders/serving.json'));
}

export interface Traffic {
  readonly stop: () => Promise<void>;
}

/** What the traffic is made of; each is sent again and again, some ten times a second. */
export type Sender = (round: number) => Promise<unknown>;

/** Sends until it is stopped; what fails is what the test wants to see in the metrics. */
export function startTraffic(...senders: readonly Sender[]): Traffic {
  const stopping = new AbortController();
  const { signal } = stopping;
  setMaxListeners(senders.length, signal);
  const loops = senders.map(async (send) => {
    for (let round = 0; !signal.aborted; round++) {
      await send(round).catch(() => undefined);
      await sleep(100, undefined, { signal }).catch(() => undefined);
    }
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Normal orders, others in each round and for each sender: the same rows twice would look like drift. */
const ordersOf = (sender: number, round: number): Order[] => normalOrders(10, 100_000 * sender + round);

/** Whatever sends a request over gRPC. */
export interface Scorer {
  score(request: ScoreMessage): Promise<unknown>;
}

/** Ten orders a call, of a model; with explanations where `explainTopK` is set. */
export function callsOf(client: Scorer, request: { readonly explainTopK?: number } = {}): Sender {
  const sender = request.explainTopK === undefined ? 1 : 2;
  return (round) => client.score({ records: { records: ordersOf(sender, round).map(toRecord) }, ...request });
}

/** Ten events a round. */
export function eventsOf({ client, topics }: Pick<WatchedService, 'client' | 'topics'>): Sender {
  return (round) =>
    client.produce(
      topics.events,
      ordersOf(3, round).map((order, place) => ({ key: String(place), value: JSON.stringify(order) })),
    );
}

/** A record as a gRPC client sends it. */
export function toRecord(order: Readonly<Record<string, string | number | boolean | null>>) {
  const fields = Object.entries(order).map(([name, value]) => [
    name,
    name === 'at' ? { timestampMs: Date.parse(String(value)) } : toValue(value),
  ]);
  return { fields: Object.fromEntries(fields) as Readonly<Record<string, object>> };
}

function toValue(value: string | number | boolean | null): object {
  if (value === null) return { null: 0 };
  if (typeof value === 'number') return { number: value };
  return typeof value === 'boolean' ? { flag: value } : { text: value };
}
