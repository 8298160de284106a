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
import { watchStillness } from './stillness.ts';

const HELP = `npm run soak:kafka [-- OPTIONS]

A steady stream of events through scoring processes that are killed (SIGKILL) again and again, exactly once, on an Apache Kafka of one
node; at the end every result is counted by a reader of committed messages. Needs Java and Maven. The scorer is one number, so
that what is measured is the way through Kafka. The exit code is 1 where a result is missing or doubled.

  --minutes N      length; 10
  --rate N         events a second; 500
  --kill-every N   seconds that a process works before it is killed; 20
  --clients LIST   client libraries that the processes use in turn, kill by kill; kafkajs,platformatic
  --write          writes docs/kafka-soak.md
  --json           the result as JSON on standard output`;

const TOPICS = { topicIn: 'events', topicOut: 'scores', deadLetterTopic: 'refused', groupId: 'soak' };
const PARTITIONS = 4;
const STEP_MS = 100;
const MOST_AT_ONCE = 500;
/** However busy the machine is. */
const STARTED_WITHIN_MS = 300_000;
const STANDS_STILL_MS = 120_000;

interface SoakOptions {
  readonly clients: readonly KafkaClientName[];
  readonly minutes: number;
  readonly rate: number;
  readonly killEvery: number;
}

async function soak(broker: string, client: KafkaTestClient, options: SoakOptions) {
  const { minutes, rate, clients } = options;
  for (const topic of [TOPICS.topicIn, TOPICS.topicOut, TOPICS.deadLetterTopic])
    await client.createTopic(topic, PARTITIONS);
  const victims = createVictims(broker, options.killEvery, clients);
  const started = performance.now();
  const stillness = watchStillness();
  const seconds = () => (performance.now() - started) / 1000;
  let events = 0;
  try {
    while (seconds() < minutes * 60) {
      const due = Math.floor(seconds() * rate);
      for (; events < due; events = Math.min(due, events + MOST_AT_ONCE)) {
        const count = Math.min(MOST_AT_ONCE, due - events);
        await client.produce(
          TOPICS.topicIn,
          Array.from({ length: count }, (_, i) => toEvent(events + i)),
        );
      }
      await victims.step();
      await sleep(STEP_MS);
    }
    const endedSeconds = seconds();
    await waitForCommits(client, events, () => victims.revive()).catch((thrown: unknown) => {
      console.error(victims.lastLines());
      throw thrown;
    });
    const catchUpSeconds = seconds() - endedSeconds;
    const stillSeconds = stillness();
    await victims.measure();
    const { kills, restarts, memoryMiB } = victims;
    return {
      events,
      kills,
      restarts,
      catchUpSeconds,
      stillSeconds,
      memoryMiB,
      ...(await countResults(client, events)),
    };
  } finally {
    stillness();
    await victims.end();
  }
}

/**
 * One scoring process after the other. A process is killed so and so long after it scored its first batch: where the machine is so
 * busy that starting one takes longer, none would ever come to work, and nothing be tried.
 */
function createVictims(broker: string, killEvery: number, clients: readonly KafkaClientName[]) {
  const memoryMiB: number[] = [];
  let [kills, restarts] = [0, 0];
  let worksSince: number | undefined;
  let child = spawn();
  function spawn(): ScoringChild {
    worksSince = undefined;
    const spawned = spawnScoring({
      ...{ client: clients[kills % clients.length]!, broker, topics: TOPICS, maxBatchEvents: 500, scoreMs: 0 },
      ...{ exactlyOnce: true, sessionTimeoutMs: 6_000 },
    });
    spawned.logged('scoring ', STARTED_WITHIN_MS).then(
      () => child === spawned && (worksSince = performance.now()),
      () => undefined,
    );
    return spawned;
  }
  return {
    memoryMiB,
    get kills() {
      return kills;
    },
    get restarts() {
      return restarts;
    },
    async measure(): Promise<void> {
      memoryMiB.push(await residentMiB(child.pid));
    },
    /** As an orchestrator would: one that has given up, because no broker answered it in time, is started anew. */
    revive(): void {
      if (!child.ended) return;
      restarts += 1;
      child = spawn();
    },
    async step(): Promise<void> {
      this.revive();
      if (worksSince === undefined || performance.now() - worksSince < killEvery * 1000) return;
      await this.measure();
      await child.kill();
      kills += 1;
      child = spawn();
    },
    lastLines: () => child.lastLines(60).join('\n'),
    end: () => child.kill(),
  };
}

/** Waits as long as anything goes on. */
async function waitForCommits(client: KafkaTestClient, events: number, meanwhile: () => void): Promise<void> {
  let before = -1;
  for (let done = 0; done !== events && done !== before;) {
    before = done;
    const progress = async () => {
      meanwhile();
      done = await committed(client).catch(() => before);
      return done !== before;
    };
    await waitUntil(`more than ${before} of ${events} events to be committed`, progress, STANDS_STILL_MS);
  }
}

async function committed(client: KafkaTestClient): Promise<number> {
  const offsets = await client.committed(TOPICS.groupId, TOPICS.topicIn);
  return [...offsets.values()].reduce((sum, each) => sum + each, 0);
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

function describe(result: Result): string {
  const { events, minutes, kills, restarts, missing, doubled, catchUpSeconds, stillSeconds, memoryMiB } = result;
  return (
    `${events.toLocaleString('en')} events in ${minutes} minutes, ${kills} kills, ${restarts} processes that gave up by themselves and were started anew: ${missing} results missing, ${doubled} doubled; ` +
    `the rest was done ${catchUpSeconds.toFixed(1)} s after the last event; resident memory before each kill: ` +
    `${Math.min(...memoryMiB)} to ${Math.max(...memoryMiB)} MiB; the process that produces and kills was not run at all for ${stillSeconds} s of it`
  );
}

function toPage(result: Result): string {
  const { rate, killEvery, clients } = result;
  return `# Killed again and again

\`npm run soak:kafka -- --write\` wrote this; it takes ten minutes unless told otherwise (\`--minutes\`). A steady stream of ${rate} events a second went through scoring processes (${clients.join(' and ')}
in turn, in one consumer group, exactly once), each of which was killed (\`SIGKILL\`) ${killEvery} seconds after its first batch; at the end a reader of committed
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
