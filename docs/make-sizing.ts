/**
 * Writes docs/sizing.md from what was measured elsewhere: `npm run docs:sizing`, with `--price 0.05` and `--busy 0.6` for
 * another price of a core's hour, and another share of a core that is planned for; `--broker-price`, `--disk-price`,
 * `--broker-megabytes`, `--replicas` and `--kept-hours` for the brokers.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import type { Backlog, GroupResult } from '../bench/groups/result.ts';
import {
  BROKER_ASSUMPTIONS,
  type BrokerAssumptions,
  measureMessages,
  type MessageBytes,
  sizeBrokers,
} from './sizing-traffic.ts';

const PATH = join(import.meta.dirname, 'sizing.md');
const TARGETS = [1_000, 10_000, 100_000, 1_000_000];
const HOURS_PER_MONTH = 730;

export interface Assumptions extends Partial<BrokerAssumptions> {
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

/** A process that may fail, or be replaced, at any time. */
const SPARE = 1;

/** What it takes to score so many events a second from a topic, one process to a core and at least one partition to a process. */
export function sizeFor(
  rate: number,
  { cpuMicroseconds, residentMiB }: { readonly cpuMicroseconds: number; readonly residentMiB: number },
  { price, busy }: Assumptions = ASSUMPTIONS,
): Need {
  const processes = Math.ceil((rate * cpuMicroseconds) / (busy * 1e6)) + SPARE;
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
  const many = backlog.at(-1)!;
  const planned = dearestOf(one, many);
  const needs = TARGETS.map((rate) => sizeFor(rate, planned, assumptions));
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

${describeProcesses(assumptions, needs, { one, many })}

${describeBrokers(assumptions, needs)}

## In the chart's values

For 100,000 events a second, the pods as the table above counts them:

\`\`\`yaml
${describeValues(
  needs.find(({ rate }) => rate === 100_000)!,
  planned.residentMiB,
)}
\`\`\`

An autoscaler on CPU compares with the request: a request of one core and a target of ${100 * busy} % add a pod where this page does.

**Assumed, not measured**: ${price} US dollars for a core's hour (\`npm run docs:sizing -- --price 0.05 --busy 0.6\` takes yours); that processes on machines of their own hinder each
other no more than the ${many.processes} that were run on one; and all that is said of brokers but the bytes. \`--exactly-once\` costs more the smaller the batches are ([kafka-speed.md](kafka-speed.md)).
`;
  return format(page, { ...(await resolveConfig(PATH)), parser: 'markdown' });
}

type Measured = Pick<Backlog, 'processes' | 'cpuMicroseconds' | 'residentMiB'>;

const dearestOf = (one: Measured, many: Measured) => ({
  cpuMicroseconds: Math.max(one.cpuMicroseconds, many.cpuMicroseconds),
  residentMiB: Math.max(one.residentMiB, many.residentMiB),
});

function describeProcesses(
  { busy }: Assumptions,
  needs: readonly Need[],
  { one, many }: { readonly one: Measured; readonly many: Measured },
): string {
  const { cpuMicroseconds: dearest, residentMiB } = dearestOf(one, many);
  const perCore = (busy * 1e6) / dearest;
  return `## Up to a million events a second

Topic to topic, JSON of 8 numbers, at least once: an event took ${one.cpuMicroseconds.toFixed(1)} microseconds of CPU in one process, and ${many.cpuMicroseconds.toFixed(1)} in each of ${many.processes} that shared two cores
with the broker and the sender ([consumer-groups.md](consumer-groups.md)). The larger one is planned with. A core that is busy for ${100 * busy} % of the time does ${busy} x 1,000,000 / ${dearest.toFixed(1)} =
${Math.floor(perCore).toLocaleString('en')} events a second. So processes = events a second x ${dearest.toFixed(1)} / (${busy} x 1,000,000), rounded up, **and one more**, which may fail or be replaced; partitions,
at least as many (more do no harm, and cannot be made fewer); memory = processes x ${residentMiB.toFixed(0)} MiB; a month = processes x ${HOURS_PER_MONTH} hours x the price of a core's hour.

| events a second | processes, and cores | partitions, at least | memory, GiB | US dollars a month |
| --------------: | -------------------: | -------------------: | ----------: | -----------------: |
${needs.map(({ rate, processes, memoryGib, dollarsAMonth }) => toRow([rate, processes, processes, Number(memoryGib.toFixed(1)), Math.round(dollarsAMonth)])).join('\n')}`;
}

/** The brokers' part: bytes are measured, all else is assumed. */
function describeBrokers(given: Assumptions, needs: readonly Need[]): string {
  const assumptions = { ...BROKER_ASSUMPTIONS, ...given };
  const { brokerPrice, diskPrice, brokerMegabytes, replicas, keptHours } = assumptions;
  const bytes: MessageBytes = measureMessages();
  const rows = needs.map(({ rate, dollarsAMonth }) => {
    const need = sizeBrokers(rate, bytes, assumptions, HOURS_PER_MONTH);
    const [read, written, stored] = [need.read, need.written, need.stored].map((each) => Number(each.toPrecision(3)));
    const disk = Number(need.diskTerabytes.toPrecision(2));
    const [own, all] = [Math.round(need.dollarsAMonth), Math.round(need.dollarsAMonth + dollarsAMonth)];
    return toRow([rate, read!, written!, stored!, need.brokers, disk, own, all]);
  });
  return `## Brokers, network and disks

An event is ${bytes.event.toFixed(0)} bytes here, its result ${bytes.result.toFixed(0)} (key, value, headers; not compressed: \`--kafka-compression\` makes them fewer). The service reads the one and writes the other; the brokers
write both ${replicas} times, and keep them ${keptHours} hours. Brokers = what they write / ${brokerMegabytes} MB a second, at least ${replicas}; a month = brokers x ${HOURS_PER_MONTH} hours x ${brokerPrice} US dollars + disk x ${diskPrice} US dollars a GB.
Keeping the results shorter than the events, or not at all where a sink takes them, is the largest saving.

| events a second | read, MB/s | written, MB/s | brokers write, MB/s | brokers | disk, TB | US dollars a month | with the service |
| --------------: | ---------: | ------------: | ------------------: | ------: | -------: | -----------------: | ---------------: |
${rows.join('\n')}`;
}

/** Memory as it was measured, and half of it more, for models that are changed. */
function describeValues({ processes }: Need, residentMiB: number): string {
  const mebibytes = Math.ceil((1.5 * residentMiB) / 64) * 64;
  return `replicas: ${processes}
resources:
  requests: { cpu: '1', memory: ${mebibytes}Mi }
  limits: { cpu: '2', memory: ${2 * mebibytes}Mi }`;
}

const toRow = (cells: readonly number[]): string => `| ${cells.map((cell) => cell.toLocaleString('en')).join(' | ')} |`;

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

if (process.argv[1] === import.meta.filename) await writeFile(PATH, await describeSizing(readFlags()));

/** Throws for what is no number, or out of its range. */
function readFlags(): Assumptions {
  const ranges = {
    ...{ price: Infinity, busy: 1, 'broker-price': Infinity, 'disk-price': Infinity, 'broker-megabytes': Infinity },
    ...{ replicas: 10, 'kept-hours': Infinity },
  };
  const names = Object.keys(ranges) as (keyof typeof ranges)[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options });
  const given = names.flatMap((name): [string, number][] => {
    const text = values[name];
    if (text === undefined) return [];
    const value = Number(text);
    if (!(value > 0 && value <= ranges[name])) {
      throw new Error(
        `--${name} must be a number above 0${ranges[name] === Infinity ? '' : `, at most ${ranges[name]}`}; found ${text}`,
      );
    }
    return [[name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), value]];
  });
  return { ...ASSUMPTIONS, ...Object.fromEntries(given) };
}
