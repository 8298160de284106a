import { z } from 'zod';
import { DEVICES, type Device } from '../../src/runtime/executor.ts';
import { markdownTable, readResult, writeDocument } from '../support/documents.ts';
import { startChild, type Child } from './child.ts';
import { runLoad, summarise, type Run, type Summary } from './measure.ts';
import { SCORE_PATH, scoreRequest } from './messages.ts';
import { CALLERS, connectionsOf, DENSE_ROWS, nameOfCallers } from './parts.ts';
import { startAristarch, type Aristarch } from './servers.ts';

/** What a server does on a device. */
export interface ServedDevice {
  readonly device: Device;
  /** What the server's own metric, `aristarch_device_info`, says of what ran. */
  readonly served: DeviceLabels;
  readonly machine: string;
  readonly measuredAt: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Calls of one row. */
  readonly unary: readonly (Summary & { readonly name: string })[];
  /** Calls of `DENSE_ROWS` rows, of two callers. */
  readonly dense: Summary;
  /** Rows of one inference, on the average over all loads: what the batcher puts together. */
  readonly rowsPerInference: number;
}

const labelsSchema = z.object({ device: z.string(), kind: z.string(), hardware: z.string(), engine: z.string() });
type DeviceLabels = z.infer<typeof labelsSchema>;

export interface DevicesPlan {
  readonly folder: string;
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly args: readonly string[];
  readonly now: Date;
}

const WARM_UP_SECONDS = 2;

/** Each device in turn, by a server of its own; one that cannot be used throws, as its server says why. */
export async function measureDevices(devices: readonly Device[], plan: DevicesPlan): Promise<ServedDevice[]> {
  const client = startChild('load.ts');
  const results: ServedDevice[] = [];
  try {
    for (const device of devices) {
      const server = await startAristarch(plan.folder, ['--device', device, ...plan.args]);
      try {
        results.push(await measureDevice(device, client, server, plan));
      } finally {
        await server.stop();
      }
      console.error(`${device}: done`);
    }
    return results;
  } finally {
    await client.stop();
  }
}

async function measureDevice(
  device: Device,
  client: Child,
  server: Aristarch,
  plan: DevicesPlan,
): Promise<ServedDevice> {
  const { machine, rounds, seconds, now } = plan;
  const load = (callers: number, rows: number, forSeconds: number): Promise<Run> =>
    runLoad(client, server, {
      ...{ path: SCORE_PATH, request: scoreRequest(rows), connections: connectionsOf(callers), seconds: forSeconds },
      shape: { kind: 'closed', callers },
    });
  const loads: readonly (readonly [callers: number, rows: number])[] = [
    ...CALLERS.map((n) => [n, 1] as const),
    [2, DENSE_ROWS],
  ];
  for (const [callers, rows] of loads) await load(callers, rows, WARM_UP_SECONDS / loads.length);
  const runs = loads.map((): Run[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [callers, rows]] of loads.entries()) runs[index]!.push(await load(callers, rows, seconds));
  }
  const summaries = runs.map(summarise);
  const metrics = await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text();
  return {
    ...{ device, served: labelsOf(metrics) },
    ...{ machine, measuredAt: now.toISOString().slice(0, 10), rounds, seconds },
    unary: CALLERS.map((callers, index) => ({ name: nameOfCallers(callers), ...summaries[index]! })),
    dense: summaries.at(-1)!,
    rowsPerInference: numberIn(metrics, 'aristarch_batch_rows_sum') / numberIn(metrics, 'aristarch_batch_rows_count'),
  };
}

/** Throws where the server has no model open, or models on several devices. */
export function labelsOf(metrics: string): DeviceLabels {
  const series = [...metrics.matchAll(/^aristarch_device_info\{(.*)\} 1$/gm)];
  if (series.length !== 1) throw new Error(`the server names ${series.length} devices instead of one`);
  const labels = [...series[0]![1]!.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return labelsSchema.parse(Object.fromEntries(labels.map(([, name, value]) => [name, value])));
}
const numberIn = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec(metrics)?.[1] ?? NaN);

/** Those of a list separated by commas. Throws. */
export function parseDevices(text: string): Device[] {
  return text.split(',').map((name) => {
    const found = DEVICES.find((device) => device === name);
    if (found === undefined) throw new Error(`--device has ${name}; there are ${DEVICES.join(', ')}`);
    return found;
  });
}

/** Adds to what was written before; the same device on the same hardware is renewed. */
export async function writeDevicesPage(measured: readonly ServedDevice[]): Promise<void> {
  const before = ((await readResult('serving-devices.json')) ?? []) as readonly ServedDevice[];
  const keyOf = ({ device, served, machine }: ServedDevice): string => [device, served.hardware, machine].join('|');
  const renewed = new Set(measured.map(keyOf));
  const all = [...before.filter((each) => !renewed.has(keyOf(each))), ...measured];
  const results = all.toSorted((a, b) => DEVICES.indexOf(a.device) - DEVICES.indexOf(b.device));
  await writeDocument('serving-devices.json', JSON.stringify(results));
  await writeDocument('serving-devices.md', `${INTRODUCTION}\n\n${describeDevices(results)}\n`);
}

const rate = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
const spread = ({ perSecond, lowest, highest }: Summary): string =>
  `${rate(perSecond)} (${rate(lowest)} to ${rate(highest)})`;
const latency = ({ p50, p99 }: Summary): string => `${p50.toFixed(1)} / ${p99.toFixed(0)}`;

/** Devices that nobody has served on yet, so that the table does not look whole. */
const WANTED: readonly (readonly [name: string, isIt: (result: ServedDevice) => boolean])[] = [
  ['webgpu on a GPU', ({ served: { device, kind } }) => device === 'webgpu' && kind === 'gpu'],
  ['cuda', ({ served: { device } }) => device === 'cuda'],
  ['tfjs on a GPU', ({ served: { device, kind } }) => device === 'tfjs' && kind === 'gpu'],
];

/** A row for each device; `rows a second` counts the rows of dense calls. */
export function describeDevices(results: readonly ServedDevice[]): string {
  const rows = results.map(({ device, served: { hardware }, unary, dense, rowsPerInference }) => [
    `${device}, ${hardware}`,
    ...unary.flatMap((each) => [spread(each), latency(each)]),
    ...[rate(dense.perSecond * DENSE_ROWS), latency(dense), rowsPerInference.toFixed(1)],
  ]);
  const header = [
    'device',
    ...CALLERS.flatMap((callers) => [`${nameOfCallers(callers)}, calls a second`, 'p50 / p99, ms']),
    ...[`calls of ${DENSE_ROWS} rows, rows a second`, 'p50 / p99, ms', 'rows of an inference'],
  ];
  const absent = WANTED.filter(([, isIt]) => !results.some(isIt)).map(([name]) => [
    ...[name, 'not measured: no GPU was at hand', ...Array.from({ length: header.length - 2 }, () => '')],
  ]);
  const about = results.map(
    ({ device, served, machine, measuredAt, rounds, seconds }) =>
      `- ${device}: the metric \`aristarch_device_info\` said device ${served.device}, kind ${served.kind}, hardware ${served.hardware}, engine ${served.engine}; ${machine}, ${measuredAt}; medians of ${rounds} runs of ${seconds} s`,
  );
  return `${markdownTable(header, [...rows, ...absent])}\n\n${about.join('\n')}`;
}

const INTRODUCTION = `# Serving on devices

\`npm run bench:serve -- --device cpu,webgpu,tfjs --write\` made this page: the command \`serve\` over loopback, on the model of [serving-speed.md](serving-speed.md) (64 features, two critics 64-256-256-1 over
256 Fourier features), by the same client and with the same micro-batcher for every device, which puts the rows of all callers who wait into one inference. WebGPU by SwiftShader is a processor in disguise: its row shows
that serving works there, not what a GPU gives. For the devices by themselves: [devices.md](devices.md).`;
