import { randomUUID } from 'node:crypto';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { INFERENCE_MODES, type InferenceMode } from '../src/scoring/inference/inference.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { connectKafkaTestClient, type KafkaTestClient } from '../test/support/kafka-client.ts';
import { openServed } from './kafka/detector.ts';
import { trainedModel, toRecords } from './kafka/model.ts';
import type { Job, Run } from './kafka/job.ts';
import { openPassThrough, type PassThrough } from './kafka/open-pass-through.ts';
import { score } from './kafka/score.ts';
import { sumMilliseconds } from './kafka/sums.ts';
import type { KafkaClientName } from '../src/server/kafka/port.ts';
import { markdownTable, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:kafka [-- OPTIONS]

Events per second scored from topic to topic, at least once and exactly once, beside a pass-through by the same client alone, as it was
published, in a process of its own, with the same batches, partitions, acknowledgements (all replicas) and bytes written, in turn in
the same minutes. Models of the default preset, trained once.
Needs Java and Maven, which run an Apache Kafka of one node on the same cores, unless --brokers names others.
The exit code is 1 where scoring at least once is below 70 % of the pass-through.

  --fields LIST    number fields of an event and its model; 8,64
  --batches LIST   most events sent and committed together; 250,1000
  --events N       events of a run; 60000
  --rounds N       runs of each, of which medians are shown; 3
  --brokers LIST   host:port of running brokers; topics of this bench stay there
  --clients LIST   client libraries; kafkajs,platformatic
  --inference M    where the model is computed: auto, inline or worker; auto
  --write          writes docs/kafka-speed.md
  --json           the result as JSON on standard output`;

const PARTITIONS = 4;
const BAR = 0.7;
const MACHINE = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;

interface Row {
  readonly client: KafkaClientName;
  readonly fields: number;
  readonly eventBytes: number;
  readonly resultBytes: number;
  readonly batch: number;
  /** Events a second, medians; and microseconds of this process's CPU for an event. */
  readonly passThrough: Figure;
  readonly atLeastOnce: Figure;
  readonly exactlyOnce: Figure;
  /** Medians over the rounds of the ratio within a round. */
  readonly atLeastOnceRatio: number;
  readonly exactlyOnceRatio: number;
}
interface Figure {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

interface Stage {
  readonly brokers: readonly string[];
  readonly events: number;
  readonly rounds: number;
  readonly clients: readonly KafkaClientName[];
  readonly inference: InferenceMode;
  readonly passThrough: PassThrough;
}

async function measure(stage: Stage, fields: number, batches: readonly number[]): Promise<Row[]> {
  const kafka = new Kafka({ brokers: [...stage.brokers], logLevel: logLevel.NOTHING });
  const id = randomUUID().slice(0, 8);
  const topicIn = `bench-events-${id}`;
  const tester = await connectKafkaTestClient(stage.brokers[0]!);
  const createTopic = (topic: string) => tester.createTopic(topic, PARTITIONS);
  await createTopic(topicIn);
  const eventBytes = await fill(kafka, topicIn, stage.events, fields);
  const detector = await openServed(await trainedModel(fields), stage.inference);
  async function prepare(batch: number): Promise<Job> {
    const run = randomUUID().slice(0, 8);
    const [topicOut, deadLetterTopic] = [`bench-scores-${run}`, `bench-refused-${run}`];
    await createTopic(topicOut);
    await createTopic(deadLetterTopic);
    const { brokers, events } = stage;
    return { brokers, topicIn, topicOut, deadLetterTopic, groupId: `bench-${run}`, events, batch };
  }
  const rows: Row[] = [];
  for (const [client, batch] of stage.clients.flatMap((each) => batches.map((size) => [each, size] as const))) {
    const rounds: { pass: Run; plain: Run; once: Run }[] = [];
    let resultBytes = 0;
    // The first round warms the code up, and shows how large results are.
    for (let round = 0; round <= stage.rounds; round++) {
      const job = await prepare(batch);
      const plain = await score(job, detector, { client, exactlyOnce: false });
      if (round === 0) resultBytes = await meanBytes(tester, job.topicOut);
      const pass = await stage.passThrough.run({ ...(await prepare(batch)), client, resultBytes });
      const once = await score(await prepare(batch), detector, { client, exactlyOnce: true });
      if (round > 0) rounds.push({ pass, plain, once });
    }
    const figure = (pick: (round: (typeof rounds)[number]) => Run): Figure => ({
      perSecond: Math.round(stage.events / median(rounds.map((round) => pick(round).seconds))),
      cpuMicroseconds: (median(rounds.map((round) => pick(round).cpuSeconds)) * 1e6) / stage.events,
    });
    rows.push({
      ...{ client, fields, eventBytes, resultBytes, batch },
      passThrough: figure(({ pass }) => pass),
      atLeastOnce: figure(({ plain }) => plain),
      exactlyOnce: figure(({ once }) => once),
      atLeastOnceRatio: median(rounds.map(({ pass, plain }) => pass.seconds / plain.seconds)),
      exactlyOnceRatio: median(rounds.map(({ pass, once }) => pass.seconds / once.seconds)),
    });
    console.error(`${client}, ${fields} fields, batches of ${batch}: done`);
  }
  await detector.close();
  await tester.close();
  return rows;
}

/** Of the values in a topic, by its first hundred. */
async function meanBytes(tester: KafkaTestClient, topic: string): Promise<number> {
  const some = await tester.readUntil(topic, ({ length }) => length >= 100);
  return Math.round(some.reduce((sum, { value }) => sum + value!.length, 0) / some.length);
}

/** Fills the topic and answers the mean size of a value. */
async function fill(kafka: Kafka, topic: string, events: number, fields: number): Promise<number> {
  const values = toRecords(2_000, fields, 2).map((record) => JSON.stringify(record));
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let start = 0; start < events; start += 500) {
    const messages = Array.from({ length: Math.min(500, events - start) }, (_, i) => ({
      key: `key-${start + i}`,
      value: values[(start + i) % values.length]!,
      partition: (start + i) % PARTITIONS,
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
  return Math.round(values.reduce((sum, value) => sum + value.length, 0) / values.length);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

function show(row: Row): string {
  const of = ({ perSecond, cpuMicroseconds }: Figure) => `${perSecond}/s (${cpuMicroseconds.toFixed(1)} us CPU)`;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return (
    `  ${row.client}, ${row.fields} fields, ${row.eventBytes} bytes, batches of ${row.batch}: pass-through ${of(row.passThrough)}; ` +
    `at least once ${of(row.atLeastOnce)}, ${percent(row.atLeastOnceRatio)}; ` +
    `exactly once ${of(row.exactlyOnce)}, ${percent(row.exactlyOnceRatio)}`
  );
}

function toPage(machine: string, { events, rounds }: Stage, rows: readonly Row[], sumMs: number): string {
  const figure = ({ perSecond, cpuMicroseconds }: Figure) =>
    `${perSecond.toLocaleString('en')}/s, ${cpuMicroseconds.toFixed(1)} us`;
  const share = (ratio: number) => `${(100 * ratio).toFixed(0)} %`;
  const table = markdownTable(
    ['client', 'event', 'batches of', 'pass-through', 'at least once', '', 'exactly once', ''],
    rows.map((row) => [
      ...[row.client, `${row.fields} fields, ${row.eventBytes} bytes`, String(row.batch), figure(row.passThrough)],
      ...[figure(row.atLeastOnce), share(row.atLeastOnceRatio), figure(row.exactlyOnce), share(row.exactlyOnceRatio)],
    ]),
  );
  const worst = Math.min(...rows.map(({ atLeastOnceRatio }) => atLeastOnceRatio));
  const verdict = worst < BAR ? 'is not met' : 'is met';
  return `# How fast scoring from Kafka is

\`npm run bench:kafka -- --write\` wrote this. It scores a topic into another, beside a pass-through by the same client alone: its own consumer and
producer, as published, in a process of its own, with the same batches, partitions (${PARTITIONS}) and acknowledgements (all replicas), writing for each event as many
bytes as a result has, and a header like a result's. In turn in the same minutes; medians of ${rounds} rounds of ${events.toLocaleString('en')} events. Broker, client and model share the machine. Models are the default preset. Microseconds are those of the
scoring process's CPU for an event; percentages are rates beside the pass-through, medians of rounds. ${machine}.

${table}

**The bar of ${100 * BAR} % at least once ${verdict}:** the lowest is ${share(worst)}. Beyond what the pass-through does, an event is read from JSON,
scored by the model and written as a result; the microseconds show what that adds, of all threads. The model is computed as \`serve\` does by default: large
inferences in a thread of their own ([inference.md](inference.md)), while the client's thread reads and writes; on so many cores that the broker leaves free. What
is done with less is writing: record batches are of our own making ([0024](decisions/0024-record-batches-of-our-own.md)). Reading, writing and sending take turns, so that
inference goes on beside them, and what waits goes out in one request ([0040](decisions/0040-kafka-works-in-turns.md)); a pass-through that sends request by request is overtaken by that.
The sums over what is fetched, at which neither client looks by itself, take ${sumMs.toFixed(2)} ms of CPU a megabyte ([0044](decisions/0044-fetched-batches-by-our-own.md)).

Killed again and again, and counted: [kafka-soak.md](kafka-soak.md).
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ fields: { type: 'string', default: '8,64' }, batches: { type: 'string', default: '250,1000' } },
      ...{ events: { type: 'string', default: '60000' }, rounds: { type: 'string', default: '3' } },
      ...{ clients: { type: 'string', default: 'kafkajs,platformatic' }, write: { type: 'boolean', default: false } },
      ...{ brokers: { type: 'string' }, inference: { type: 'string', default: 'auto' } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const numbers = (list: string) => list.split(',').map(Number);
  const broker = values.brokers === undefined ? await startKafkaBroker() : undefined;
  using passThrough = openPassThrough();
  try {
    const brokers = broker === undefined ? values.brokers!.split(',') : [broker.address];
    const clients = values.clients.split(',') as KafkaClientName[];
    const inference = INFERENCE_MODES.find((mode) => mode === values.inference);
    if (inference === undefined)
      throw new Error(`--inference is ${values.inference}; the modes are ${INFERENCE_MODES.join(', ')}`);
    const own = { events: Number(values.events), rounds: Number(values.rounds), inference };
    const stage = { ...own, brokers, clients, passThrough };
    const load = loadavg()[0]!;
    const rows: Row[] = [];
    for (const fields of numbers(values.fields)) rows.push(...(await measure(stage, fields, numbers(values.batches))));
    const machine = `${MACHINE}; load before ${load.toFixed(1)}`;
    const sumMs = sumMilliseconds(250, 850);
    if (values.json)
      console.log(
        JSON.stringify(
          { machine, partitions: PARTITIONS, events: stage.events, rounds: stage.rounds, rows, sumMs },
          null,
          2,
        ),
      );
    else
      console.log(
        [machine, ...rows.map(show), `  sums over what is fetched: ${sumMs.toFixed(2)} ms a megabyte`].join('\n'),
      );
    if (values.write) await writeDocument('kafka-speed.md', toPage(machine, stage, rows, sumMs));
    if (rows.some(({ atLeastOnceRatio }) => atLeastOnceRatio < BAR)) process.exitCode = 1;
  } finally {
    await broker?.close();
  }
}

await main();
