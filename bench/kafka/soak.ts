import { execFile } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { startKafkaBroker } from '../../test/support/kafka-broker.ts';
import { connectKafkaTestClient, type KafkaTestClient } from '../../test/support/kafka-client.ts';
import { type ScoringChild, spawnScoring } from '../../test/support/kafka-scoring-child.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { writeDocument } from '../support/documents.ts';

const HELP = `npm run soak:kafka [-- OPTIONS]

A steady stream of events through scoring processes that are killed (SIGKILL) again and again, exactly once, on an Apache Kafka of one
node; at the end every result is counted by a reader of committed messages. Needs Java and Maven. The scorer is one number, so
that what is measured is the way through Kafka. The exit code is 1 where a result is missing or doubled.

  --minutes N      length; 10
  --rate N         events a second; 500
  --kill-every N   seconds between kills; 20
  --clients LIST   client libraries that the processes use in turn, kill by kill; kafkajs,platformatic
  --write          writes docs/kafka-soak.md
  --json           the result as JSON on standard output`;

const TOPICS = { topicIn: 'events', topicOut: 'scores', deadLetterTopic: 'refused', groupId: 'soak' };
const PARTITIONS = 4;
const STEP_MS = 100;

interface SoakOptions {
  readonly clients: readonly KafkaClientName[];
  readonly minutes: number;
  readonly rate: number;
  readonly killEvery: number;
}

async function soak(broker: string, client: KafkaTestClient, options: SoakOptions) {
  const { minutes, rate, killEvery, clients } = options;
  for (const topic of [TOPICS.topicIn, TOPICS.topicOut, TOPICS.deadLetterTopic])
    await client.createTopic(topic, PARTITIONS);
  const spawn = (turn: number): ScoringChild =>
    spawnScoring({
      ...{
        client: clients[turn % clients.length]!,
        broker,
        topics: TOPICS,
        maxBatchEvents: 500,
        scoreMs: 0,
        commits: Number.MAX_SAFE_INTEGER,
      },
      ...{ exactlyOnce: true, sessionTimeoutMs: 6_000 },
    });
  let child = spawn(0);
  const started = performance.now();
  const memoryMiB: number[] = [];
  let [events, kills, killedAt] = [0, 0, started];
  try {
    while (performance.now() - started < minutes * 60_000) {
      const due = Math.floor(((performance.now() - started) / 1000) * rate);
      const messages = Array.from({ length: due - events }, (_, i) => toEvent(events + i));
      for (let start = 0; start < messages.length; start += 500) {
        await client.produce(TOPICS.topicIn, messages.slice(start, start + 500));
      }
      events = Math.max(events, due);
      if (performance.now() - killedAt > killEvery * 1000) {
        memoryMiB.push(await residentMiB(child.pid));
        await child.kill();
        kills += 1;
        child = spawn(kills);
        killedAt = performance.now();
      }
      await sleep(STEP_MS);
    }
    const endedMs = performance.now();
    const committed = async () =>
      [...(await client.committed(TOPICS.groupId, TOPICS.topicIn)).values()].reduce((sum, each) => sum + each, 0);
    await waitUntil('every event to be committed', async () => (await committed()) === events, 120_000);
    const catchUpSeconds = (performance.now() - endedMs) / 1000;
    memoryMiB.push(await residentMiB(child.pid));
    return { events, kills, catchUpSeconds, memoryMiB, ...(await countResults(client, events)) };
  } finally {
    await child.kill();
  }
}

function toEvent(x: number): { key: string; value: string } {
  return { key: `key-${x % 97}`, value: JSON.stringify({ x }) };
}

async function countResults(client: KafkaTestClient, events: number) {
  const counts = new Uint8Array(events);
  for (const { value } of await client.readAll(TOPICS.topicOut, { timeoutMs: 300_000 })) {
    const { score } = JSON.parse(value!.toString()) as { score: number };
    counts[score]! += 1;
  }
  return {
    missing: counts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
    doubled: counts.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0),
  };
}

async function residentMiB(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Math.round(Number(stdout) / 1024);
}

type Result = SoakOptions & Awaited<ReturnType<typeof soak>>;

function describe({ events, minutes, kills, missing, doubled, catchUpSeconds, memoryMiB }: Result): string {
  return (
    `${events.toLocaleString('en')} events in ${minutes} minutes, ${kills} kills: ${missing} results missing, ${doubled} doubled; ` +
    `the rest was done ${catchUpSeconds.toFixed(1)} s after the last event; resident memory before each kill: ` +
    `${Math.min(...memoryMiB)} to ${Math.max(...memoryMiB)} MiB`
  );
}

function toPage(result: Result): string {
  const { rate, killEvery, clients } = result;
  return `# Killed again and again

\`npm run soak:kafka -- --write\` wrote this; it takes ten minutes unless told otherwise (\`--minutes\`). A steady stream of ${rate} events a second went through scoring processes (${clients.join(' and ')}
in turn, in one consumer group, exactly once), each of which was killed (\`SIGKILL\`) after about ${killEvery} seconds; at the end a reader of committed
messages counted every result. Broker (Apache Kafka, one node), processes and counting shared ${availableParallelism()} cores with other work (load
${loadavg()[1]!.toFixed(1)} over the last five minutes). The scorer is one number, so that what is measured is the way through Kafka.

${describe(result)}.
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '500' } },
      'kill-every': { type: 'string', default: '20' },
      ...{ clients: { type: 'string', default: 'kafkajs,platformatic' }, write: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [minutes, rate, killEvery] = [Number(values.minutes), Number(values.rate), Number(values['kill-every'])];
  const clients = values.clients.split(',') as KafkaClientName[];
  const options = { minutes, rate, killEvery, clients };
  await using broker = await startKafkaBroker();
  await using client = await connectKafkaTestClient(broker.address);
  const result = { ...options, ...(await soak(broker.address, client, options)) };
  if (values.json) console.log(JSON.stringify(result));
  else console.log(describe(result));
  if (values.write) await writeDocument('kafka-soak.md', toPage(result));
  if (result.missing > 0 || result.doubled > 0) process.exitCode = 1;
}

await main();
