import { showCount } from '../../src/base/progress.ts';
import { INK, renderPicture, type ChartOptions } from '../../src/training/report/chart.ts';
import { markdownTable, writeDocument } from '../support/documents.ts';
import { SIZES, WIDTHS, type AbsentDevice, type DeviceResult } from './measure.ts';
import { BATCHES } from './scoring.ts';

export interface DevicesResult {
  readonly machine: string;
  readonly measuredAt: string;
  /** The Vulkan driver that WebGPU ran on. */
  readonly vulkanDriver: string;
  readonly devices: readonly DeviceResult[];
  readonly absent: readonly AbsentDevice[];
}

/** GPUs on which nobody has measured; a row each, so that the table does not look whole. */
const NOT_MEASURED = ['webgpu on a GPU', 'cuda', 'tfjs on a GPU', 'PyTorch on a GPU'] as const;
const NONE = 'not measured: no GPU was at hand';

export async function writePage(result: DevicesResult): Promise<void> {
  await writeDocument('devices.json', JSON.stringify(result, null, 2));
  await writeDocument('images/devices.svg', drawRates(result));
  await writeDocument('devices.md', describe(result));
}

function describe({ machine, measuredAt, vulkanDriver, devices, absent }: DevicesResult): string {
  return [
    '# Devices',
    `What each device trains and scores in the same time. Written by \`npm run bench:device -- --write\` on ${measuredAt}: ${machine}, one thread. ${sayWebGpu(devices, vulkanDriver)}
**No GPU has been measured**; its rows stand here empty.`,
    '## Training',
    'Steps a second: of the WGAN-GP critic of a table (256 rows of 64 features, two hidden layers of so many units), and of a StyleGAN (8 images of three colours, critic and generator).',
    trainingTable(devices),
    '## Scoring',
    'Rows a second of a critic of 64 features and two hidden layers, by the rows of a call.',
    '![Rows a second by the rows of a call](images/devices.svg)',
    scoringTable(devices),
    '## Where the CPU is faster',
    crossings(devices),
    `\`--device auto\` takes CUDA where it is proven to run at the start and the CPU otherwise, and never WebGPU or TF.js by itself: for a device on a GPU that is a rule by default, which no figure
supports yet, and \`npm run bench:device\` on a machine with one gives the figures.`,
    '## Which devices these are',
    [
      ...devices.map(({ device, description, remarks }) => `- ${device}: ${[description, ...remarks].join('; ')}`),
      ...absent.map(({ device, reason }) => `- ${device} was not there: ${reason}`),
    ].join('\n'),
  ].join('\n\n');
}

function sayWebGpu(devices: readonly DeviceResult[], driver: string): string {
  if (devices.some(({ device }) => device === 'webgpu'))
    return `WebGPU ran on the Vulkan driver ${driver}: where that is in software, the CPU always wins.`;
  return 'WebGPU was left out: the machine had a Vulkan driver in software only, on which the CPU always wins, by far.';
}

const perSecond = (ms: number | undefined): string => (ms === undefined ? '-' : showRate(1000 / ms));
const showRate = (rate: number): string => (rate < 10 ? rate.toFixed(2) : showCount(Math.round(rate)));

function trainingTable(devices: readonly DeviceResult[]): string {
  const header = [
    'device',
    ...WIDTHS.map((width) => `table, ${width} wide`),
    ...SIZES.map((size) => `StyleGAN, ${size} px`),
  ];
  const rows = devices.map(({ device, tabular, styleGan }) => [
    device,
    ...WIDTHS.map((width) => perSecond(tabular[String(width)])),
    ...SIZES.map((size) => perSecond(styleGan[String(size)])),
  ]);
  return markdownTable(header, [...rows, ...notMeasured(header.length)]);
}

function scoringTable(devices: readonly DeviceResult[]): string {
  const columns = WIDTHS.flatMap((width) => BATCHES.map((batch) => [String(width), String(batch)] as const));
  const header = ['device', ...columns.map(([width, batch]) => `${width} wide, ${batch}`)];
  const rows = devices
    .filter(({ scoring }) => Object.keys(scoring).length > 0)
    .map(({ device, scoring }) => [
      device,
      ...columns.map(([width, batch]) => showRate(scoring[width]?.[batch] ?? NaN)),
    ]);
  return markdownTable(header, [...rows, ...notMeasured(header.length)]);
}

const notMeasured = (width: number): string[][] =>
  NOT_MEASURED.map((name) => [name, NONE, ...Array.from({ length: width - 2 }, () => '')]);

/** The least batch at which a device scores more rows than the CPU, by width. */
export function crossingOf(device: DeviceResult, cpu: DeviceResult, width: number): number | undefined {
  const [theirs, ours] = [device.scoring[String(width)], cpu.scoring[String(width)]];
  return BATCHES.find((batch) => (theirs?.[String(batch)] ?? 0) > (ours?.[String(batch)] ?? Infinity));
}

function crossings(devices: readonly DeviceResult[]): string {
  const cpu = devices.find(({ device }) => device === 'cpu');
  const others = devices.filter(({ device, scoring }) => device !== 'cpu' && Object.keys(scoring).length > 0);
  if (cpu === undefined) return 'The CPU was not measured.';
  const header = ['device', ...WIDTHS.map((width) => `${width} wide: faster than the CPU from`)];
  const say = (batch: number | undefined): string =>
    batch === undefined ? 'no batch measured' : `${batch} rows a call`;
  const rows = others.map((each) => [each.device, ...WIDTHS.map((width) => say(crossingOf(each, cpu, width)))]);
  return markdownTable(header, [...rows, ...notMeasured(header.length)]);
}

function drawRates({ devices }: DevicesResult): string {
  const colours = [INK.series, INK.alarm, INK.text, INK.band];
  const scoring = devices.filter((each) => Object.keys(each.scoring).length > 0);
  const series = scoring.flatMap((each, index) =>
    WIDTHS.map((width, dash) => ({
      ...{ type: 'line' as const, name: `${each.device}, ${width} wide`, symbolSize: 5 },
      lineStyle: {
        color: colours[index % colours.length]!,
        type: dash === 0 ? ('solid' as const) : ('dashed' as const),
      },
      itemStyle: { color: colours[index % colours.length]! },
      data: BATCHES.map((batch) => [batch, each.scoring[String(width)]?.[String(batch)] ?? 0]),
    })),
  );
  const axis = {
    type: 'log' as const,
    axisLabel: { color: INK.text, fontSize: 12 },
    nameTextStyle: { color: INK.text },
  };
  const options: ChartOptions = {
    grid: { left: 90, right: 16, top: 64, bottom: 48 },
    legend: { top: 4, itemGap: 18, textStyle: { color: INK.text, fontSize: 12 } },
    xAxis: { ...axis, name: 'rows of a call', nameLocation: 'middle', nameGap: 28 },
    yAxis: { ...axis, name: 'rows a second', nameLocation: 'middle', nameGap: 70 },
    series,
  };
  const description = `Rows a second by the rows of a call, of ${scoring.map(({ device }) => device).join(', ')}; solid for 256 units, dashed for 1,024.`;
  return renderPicture({ id: 'devices', description, width: 760, height: 400, options });
}
