import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { writeFileAtomic } from '../../src/base/files.ts';
import { showCount } from '../../src/base/progress.ts';
import { CROSSING_GAME } from '../../src/runtime/choice/choose.ts';
import { markdownTable, readResult, writeDocument } from '../support/documents.ts';
import {
  ASSUMED_MS,
  cpuBeside,
  crossingsOf,
  crossingsUnmeasured,
  writeCrossings,
  type Crossings,
} from './crossings.ts';
import { drawRates } from './plot.ts';
import { FIGURES, nameOf, WIDTHS, type Figure } from './figures.ts';
import type { AbsentDevice, DeviceResult, Rate } from './measure.ts';

export interface DevicesResult {
  /** The newest of each device on each hardware, of all runs that were written. */
  readonly devices: readonly DeviceResult[];
  /** What could not be used in the last run. */
  readonly absent: readonly AbsentDevice[];
}

/** GPUs that the page is to tell of, and by which results it does; a row each where nobody has measured, so that the table does not look whole. */
const WANTED: readonly (readonly [name: string, isIt: (result: DeviceResult) => boolean])[] = [
  ['webgpu on a GPU', ({ device, kind }) => device === 'webgpu' && kind === 'gpu'],
  ['cuda', ({ device }) => device === 'cuda'],
  ['tfjs on a GPU', ({ device, kind }) => device === 'tfjs' && kind === 'gpu'],
  ['PyTorch on a GPU', ({ device, kind }) => device === 'pytorch' && kind === 'gpu'],
];
const NONE = 'not measured: no GPU was at hand';
const CHOICES = resolve(import.meta.dirname, '../../src/runtime/choice/crossings.ts');

/** Adds a run to those before: what was measured anew takes the place of the same device on the same hardware. */
export function merge(before: DevicesResult | undefined, run: DevicesResult): DevicesResult {
  const keyOf = ({ device, hardware, machine }: DeviceResult): string => [device, hardware, machine].join('|');
  const renewed = new Set(run.devices.map(keyOf));
  const kept = (before?.devices ?? []).filter((result) => !renewed.has(keyOf(result)));
  return { devices: [...kept, ...run.devices].toSorted((a, b) => order(a) - order(b)), absent: run.absent };
}
const ORDER = ['cpu', 'pytorch', 'tfjs', 'tfjs-wasm', 'webgpu', 'cuda'];
const order = ({ device }: DeviceResult): number => ORDER.indexOf(device);

export async function writePage(run: DevicesResult): Promise<void> {
  const result = merge((await readResult('devices.json')) as DevicesResult | undefined, run);
  await writeDocument('devices.json', JSON.stringify(result, null, 2));
  await writeDocument('images/devices.svg', drawRates(result.devices));
  await writeDocument('devices.md', describe(result));
  await writeFileAtomic(CHOICES, await formatted(writeCrossings(result.devices)));
}

/** As the file of choices is kept. */
export const formatted = async (source: string): Promise<string> =>
  format(source, { ...(await resolveConfig(CHOICES)), filepath: CHOICES });

export function describe({ devices, absent }: DevicesResult): string {
  const limits = [...new Set(devices.map(({ limitSeconds }) => limitSeconds))].join(' or ');
  return [
    '# Devices',
    `What each device trains and scores in the same time, a second. \`npm run bench:device -- --write\` made this page, on one thread where a processor computes; a figure that did not come within
${limits} s says so, and larger ones of its kind are not tried then. ${WANTED.every(([, isIt]) => !devices.some(isIt)) ? '**No GPU has been measured**; its rows stand here empty.' : ''}`,
    '## Training',
    'Steps a second: of the WGAN-GP critic of a table (256 rows of 64 features, two hidden layers of so many units), and of a StyleGAN (8 images of three colours; one update of the critic, with R1, and one of the generator). [bench-step.md](bench-step.md) has the first of these beside the same step written by hand in TF.js.',
    table(
      devices,
      FIGURES.filter(({ kind }) => kind !== 'score'),
    ),
    '## Scoring',
    'Rows a second of a critic of 64 features and two hidden layers, by the width of these and the rows of a call.',
    '![Rows a second by the rows of a call](images/devices.svg)',
    table(
      devices,
      FIGURES.filter(({ kind }) => kind === 'score'),
    ),
    ...describeChoice(devices),
    '## Which devices these are',
    [
      ...devices.map(
        ({ device, hardware, machine, description, measuredAt }) =>
          `- ${device}: ${description}, on ${hardware}${hardware === machine ? '' : ` (processor: ${machine})`}, ${measuredAt}`,
      ),
      ...absent.map(({ device, reason }) => `- ${device} was not there in the last run: ${reason}`),
    ].join('\n'),
  ].join('\n\n');
}

const showRate = (rate: number): string => (rate < 10 ? rate.toPrecision(2) : showCount(Math.round(rate)));
const WORDS = { over: (limit: number) => `over ${limit} s`, failed: () => 'failed' } as const;

function cell(rate: Rate | undefined, limitSeconds: number): string {
  if (rate === undefined) return '-';
  return typeof rate === 'number' ? showRate(rate) : WORDS[rate](limitSeconds);
}

/** The device alone where all of the page is of one machine's processor. */
function labelOf({ device, hardware, machine }: DeviceResult, all: readonly DeviceResult[]): string {
  const isPlain = hardware === machine && all.every((other) => other.machine === machine);
  return isPlain ? device : `${device}, ${hardware}`;
}

function table(devices: readonly DeviceResult[], figures: readonly Figure[]): string {
  const header = ['device', ...figures.map(nameOf)];
  const rows = devices.map((result) => [
    labelOf(result, devices),
    ...figures.map((figure) => cell(result.rates[nameOf(figure)], result.limitSeconds)),
  ]);
  return markdownTable(header, [...rows, ...notMeasured(devices, header.length)]);
}

function notMeasured(devices: readonly DeviceResult[], columns: number): string[][] {
  const missing = WANTED.filter(([, isIt]) => !devices.some(isIt));
  return missing.map(([name]) => [name, NONE, ...Array.from({ length: columns - 2 }, () => '')]);
}

function describeChoice(devices: readonly DeviceResult[]): string[] {
  const others = devices.flatMap((result) => {
    const cpu = result.device === 'cpu' ? undefined : cpuBeside(result, devices);
    return cpu === undefined
      ? []
      : [[labelOf(result, devices), ...crossingCells(crossingsOf(result.rates, cpu.rates))]];
  });
  const cpu = devices.find(({ device }) => device === 'cpu');
  const assumed = cpu && [`cuda, by the assumption`, ...crossingCells(crossingsUnmeasured(cpu.rates))];
  const header = ['device', 'steps of a table', ...WIDTHS.map((width) => `scoring, ${width} wide`), 'images'];
  return [
    '## Where the CPU is faster',
    'From where on each is faster than the processor beside it, at that size and at every larger one that was measured:',
    markdownTable(header, [...others, ...(assumed ? [assumed] : []), ...notMeasured(devices, header.length)]),
    `\`--device auto\` goes by this table ([src/runtime/choice](../src/runtime/choice/crossings.ts), written by the same command). It takes a device other than the CPU only

- where that device, once it was opened, was found on **hardware that was measured beside the same processor**, by the names of both, and was faster at work of the size at hand: batch and widest
  hidden layer for \`train\`; for scoring the rows of a call (4,096 for tables, \`--max-batch-rows\` for \`serve\`) and the parameters of the file, as the width that has as many; for images their size,
  by the StyleGAN's steps, where a step or call has as many pixels as ${CROSSING_GAME.images} of those images and the widest layer as many channels (${CROSSING_GAME.channels}); \`translate\` and \`stylize\` stay on the CPU;
- or where CUDA opens on a GPU that nobody has measured beside such a processor, and the work takes the CPU ${ASSUMED_MS} ms or more a call or step. **That is an assumption**, from what launching the kernels of
  a call costs on GPUs in general; no figure here supports it, and the log says that it was taken by one. WebGPU and TF.js are never taken unmeasured: WebGPU may well be a processor in disguise
  (SwiftShader, lavapipe).

A device that turns out to compute on a processor as well, as TF.js without a GPU does, is never taken, whatever the table says. Hardware that nobody identifies counts as not measured: WebGPU's provider names no adapter, and is identified only where the process has loaded one driver of Vulkan alone, and that is software or, with GPUs of one model,
NVIDIA's ([decision 0033](decisions/0033-auto-goes-by-figures.md)). The processor is taken with one thread here; with more (\`--threads\`) it is faster than these figures say, and \`auto\` does not know that. Work between
two sizes is judged as the smaller one. CUDA is asked first, then WebGPU, then TF.js; one that does not open, or is not worth it on what it was found on, is passed over, and the log says why.
\`npm run bench:device -- --write\` on another machine adds its rows.`,
  ];
}

function crossingCells({ training, scoring, images }: Crossings): string[] {
  const say = (from: number | null | undefined, unit: string): string =>
    from === null || from === undefined ? 'nowhere' : `from ${showCount(from)} ${unit}`;
  return [say(training, 'wide'), ...WIDTHS.map((width) => say(scoring[String(width)], 'rows')), say(images, 'px')];
}
