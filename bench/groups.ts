import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { connectKafkaTestClient } from '../test/support/kafka-client.ts';
import { trainedModel } from './kafka/model.ts';
import { measureBacklog } from './groups/backlog.ts';
import { measureKill } from './groups/kill.ts';
import { toPage } from './groups/page.ts';
import type { GroupResult, Stage } from './groups/result.ts';

const HELP = `npm run bench:groups [-- OPTIONS]

Consumer groups of real \`serve\` processes on a topic of six partitions of an Apache Kafka of one node: how fast one and three of them
work off a backlog, and what becomes of a steady stream when one of three is killed (SIGKILL). Every result is counted. Needs Java
and Maven. Writes docs/consumer-groups.md and docs/consumer-groups.json. The exit code is 1 where a result is missing.

  --events N     events of the backlog; 60000
  --seconds N    length of the stream; one process is killed in the middle; 40
  --rate N       events a second of the stream; 600
  --json         the result on standard output, and no file is written`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ events: { type: 'string', default: '60000' }, seconds: { type: 'string', default: '40' } },
      rate: { type: 'string', default: '600' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const load = loadavg()[0]!;
  const model = await trainedModel(8);
  await using broker = await startKafkaBroker();
  await using client = await connectKafkaTestClient(broker.address);
  const stage: Stage = { broker: broker.address, client, model, id: randomUUID().slice(0, 8) };
  const events = Number(values.events);
  const backlog = [await measureBacklog(stage, 1, events), await measureBacklog(stage, 3, events)];
  const kill = await measureKill(stage, { seconds: Number(values.seconds), rate: Number(values.rate) });
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const result: GroupResult = { machine, loadBefore: load, backlog, kill };
  if (values.json) console.log(JSON.stringify(result, undefined, 2));
  else await write(result);
  if (kill.missing > 0 || backlog.some(({ missing }) => missing > 0)) process.exitCode = 1;
}

async function write(result: GroupResult): Promise<void> {
  const docs = resolve(import.meta.dirname, '../docs');
  const json = await format(JSON.stringify(result), { parser: 'json', printWidth: 120 });
  await writeFile(resolve(docs, 'consumer-groups.json'), json);
  await writeFile(resolve(docs, 'consumer-groups.md'), await toPage(result));
  console.log('wrote docs/consumer-groups.md and docs/consumer-groups.json');
}

await main();
