/**
 * Writes docs/sizing.md from what was measured elsewhere: `npm run docs:sizing`, with `--price 0.05` and `--busy 0.6` for
 * another price of a core's hour, and another share of a core that is planned for.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import type { GroupResult } from '../bench/groups/result.ts';

const PATH = join(import.meta.dirname, 'sizing.md');
const TARGETS = [1_000, 10_000, 100_000, 1_000_000];
const HOURS_PER_MONTH = 730;

export interface Assumptions {
  /** US dollars for an hour of one core, memory included. Nobody's quotation: put your own in its place. */
  readonly price: number;
  /** How busy a core is planned to be: bursts, and a member that fails, want room. */
  readonly busy: number;
}

export const ASSUMPTIONS: Assumptions = { price: 0.05, busy: 0.6 };

export interface Need {
  readonly rate: number;
  readonly processes: number;
  readonly memoryGib: number;
  readonly dollarsAMonth: number;
}

/** What it takes to score so many events a second from a topic, one process to a core and at least one partition to a process. */
export function sizeFor(
  rate: number,
  { cpuMicroseconds, residentMiB }: { readonly cpuMicroseconds: number; readonly residentMiB: number },
  { price, busy }: Assumptions = ASSUMPTIONS,
): Need {
  const processes = Math.ceil((rate * cpuMicroseconds) / (busy * 1e6));
  return {
    rate,
    processes,
    memoryGib: (processes * residentMiB) / 1024,
    dollarsAMonth: processes * price * HOURS_PER_MONTH,
  };
}

/** Of docs/serving-speed.json, what is read here: CPU of the server for each call. */
const speed = z.object({
  unary: z.array(z.object({ name: z.string(), aristarch: z.object({ cpuMicroseconds: z.number() }) })),
  stream: z.object({ aristarch: z.object({ cpuMicroseconds: z.number() }) }),
  dense: z.object({ name: z.string(), aristarch: z.object({ cpuMicroseconds: z.number() }) }),
});

export async function describeSizing(assumptions: Assumptions = ASSUMPTIONS): Promise<string> {
  const { price, busy } = assumptions;
  const { machine, loadBefore, backlog } = JSON.parse(await read('consumer-groups.json')) as GroupResult;
  const one = backlog.find(({ processes }) => processes === 1)!;
  const perCore = (busy * 1e6) / one.cpuMicroseconds;
  const needs = TARGETS.map((rate) => sizeFor(rate, one, assumptions)).map(
    ({ rate, processes, memoryGib, dollarsAMonth }) =>
      `| ${[rate, processes, processes, Number(memoryGib.toFixed(1)), Math.round(dollarsAMonth)].map((cell) => cell.toLocaleString('en')).join(' | ')} |`,
  );
  const ways = (await readWays(one.cpuMicroseconds)).map(
    ([way, microseconds, source]) =>
      `| ${way} | ${microseconds.toFixed(1)} | ${Math.round(1e6 / microseconds).toLocaleString('en')} | ${source} |`,
  );
  const page = `# How many machines

Made by \`npm run docs:sizing\` from what was measured: [consumer-groups.json](consumer-groups.json) (\`npm run bench:groups\`; ${machine}, load
${loadBefore.toFixed(1)} before it began), [serving-speed.json](serving-speed.json) and [models.md](models.md). **Measure on your own machine and with your own model before you buy**: other
fields, networks and cores cost otherwise.

## Rows a second and core

CPU time of the serving process for one row, whatever way it comes in; the caller's and the broker's is not in it. Default preset.

| way | microseconds of CPU a row | rows a second of one core, all of it | measured by |
| --- | ---: | ---: | --- |
${ways.join('\n')}

Calls with one row pay for the call, batches for the model: send rows together where you can. Explanations cost milliseconds each ([explanations.md](explanations.md)).

## Memory

One process takes ${one.residentMiB.toFixed(0)} MiB with one model of the default preset under load; each further open model of 16-64-64-1 took ${await readModelMemory()} MiB ([models.md](models.md)). One
process does its work for Kafka on one thread: count one core, and at least one partition, for each process.

## Up to a million events a second

Topic to topic, JSON of 8 numbers, at least once: ${one.cpuMicroseconds.toFixed(1)} microseconds an event. A core that is busy for ${100 * busy} % of the time does
${busy} x 1,000,000 / ${one.cpuMicroseconds.toFixed(1)} = ${Math.floor(perCore).toLocaleString('en')} events a second. So processes = events a second x ${one.cpuMicroseconds.toFixed(1)} / (${busy} x 1,000,000), rounded up; partitions, at least as many;
memory = processes x ${one.residentMiB.toFixed(0)} MiB; a month = processes x ${HOURS_PER_MONTH} hours x the price of a core's hour.

| events a second | processes, and cores | partitions, at least | memory, GiB | US dollars a month |
| --------------: | -------------------: | -------------------: | ----------: | -----------------: |
${needs.join('\n')}

**Assumed, not measured**: ${price} US dollars for a core's hour (\`npm run docs:sizing -- --price 0.05 --busy 0.6\` takes yours); that processes on machines of their own do not hinder each
other; and that the brokers keep up, whose machines are not in the table. Three processes on one machine are what was run ([consumer-groups.md](consumer-groups.md)).
`;
  return format(page, { ...(await resolveConfig(PATH)), parser: 'markdown' });
}

/** Ways for a row to come in, its CPU microseconds, and what measured them. */
async function readWays(kafkaMicroseconds: number): Promise<[string, number, string][]> {
  const { unary, stream, dense } = speed.parse(JSON.parse(await read('serving-speed.json')));
  const calls = unary.at(-1)!;
  const rows = Number(/^(\d+) rows/.exec(dense.name)?.[1]);
  const server = '`npm run bench:serve`';
  return [
    [`gRPC, one packed row of 64 a call, ${calls.name}`, calls.aristarch.cpuMicroseconds, server],
    ['gRPC, streams, one packed row of 64 a message', stream.aristarch.cpuMicroseconds, server],
    [`gRPC, ${dense.name} a call`, dense.aristarch.cpuMicroseconds / rows, server],
    ['Kafka, JSON of 8 numbers, as fast as it comes', kafkaMicroseconds, '`npm run bench:groups`'],
  ];
}

/** MiB of an open model, as docs/models.md has it from `npm run bench:models`. */
async function readModelMemory(): Promise<string> {
  const found = /resident memory of an open model *\| *([\d.]+) MiB/.exec(await read('models.md'))?.[1];
  if (found === undefined) throw new Error('docs/models.md does not say how much memory an open model takes');
  return found;
}

const read = (name: string): Promise<string> => readFile(join(import.meta.dirname, name), 'utf8');

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { price: { type: 'string' }, busy: { type: 'string' } } });
  const price = Number(values.price ?? ASSUMPTIONS.price);
  const busy = Number(values.busy ?? ASSUMPTIONS.busy);
  if (!(price > 0) || !(busy > 0 && busy <= 1)) {
    throw new Error(
      `--price must be above 0 and --busy in (0, 1], found ${values.price ?? price} and ${values.busy ?? busy}`,
    );
  }
  await writeFile(PATH, await describeSizing({ price, busy }));
}
