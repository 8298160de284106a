import type { Accelerator, Crossing, Limits } from '../../src/runtime/choice/choose.ts';
import { FIGURES, nameOf, ROWS, SIZES, STEP_ROWS, WIDTHS, type Figure } from './figures.ts';
import type { DeviceResult, Rate } from './measure.ts';

export type Crossings = Limits;
type Rates = Readonly<Record<string, Rate>>;
type IsFaster = (figure: Figure) => boolean;

/**
 * From where on figures are faster, with all larger ones of the same width: one lucky small figure is no crossing. Null where the
 * largest is not.
 */
export function crossingsBy(isFaster: IsFaster): Crossings {
  const from = <T extends number>(sizes: readonly T[], toFigure: (size: T) => Figure): T | null =>
    sizes.find((_, at) => sizes.slice(at).every((size) => isFaster(toFigure(size)))) ?? null;
  return {
    training: from(WIDTHS, (width) => ({ kind: 'step', width })),
    scoring: Object.fromEntries(
      WIDTHS.map((width) => [String(width), from(ROWS, (rows) => ({ kind: 'score', width, rows }))]),
    ),
    images: from(SIZES, (size) => ({ kind: 'style', size })),
  };
}

/** Of a device beside the processor of its machine. */
export function crossingsOf(device: Rates, cpu: Rates): Crossings {
  return crossingsBy((figure) => {
    const [theirs, ours] = [device[nameOf(figure)], cpu[nameOf(figure)]];
    return typeof theirs === 'number' && typeof ours === 'number' && theirs > ours;
  });
}

/** Milliseconds of a call or step on the processor from which on a GPU that nobody has measured is tried: an assumption, not a figure. */
export const ASSUMED_MS = 5;

/** The default for CUDA on such a GPU: what takes the processor that long. */
export function crossingsUnmeasured(cpu: Rates): Crossings {
  return crossingsBy((figure) => {
    const rate = cpu[nameOf(figure)];
    return typeof rate === 'number' && (1000 * (figure.kind === 'score' ? figure.rows : 1)) / rate >= ASSUMED_MS;
  });
}

/** The processor's own result on the machine of another. */
export const cpuBeside = (result: DeviceResult, all: readonly DeviceResult[]): DeviceResult | undefined =>
  all.find(({ device, machine }) => device === 'cpu' && machine === result.machine);

const isAccelerator = (device: string): device is Accelerator => ['webgpu', 'cuda', 'tfjs'].includes(device);

/** What `--device auto` reads, src/runtime/choice/crossings.ts. Throws where no processor was measured. */
export function writeCrossings(results: readonly DeviceResult[]): string {
  const cpu = results.find(({ device }) => device === 'cpu');
  if (cpu === undefined) throw new Error('the processor was not measured: name cpu in --devices as well');
  const crossings = results.flatMap((result): Crossing[] => {
    const beside = cpuBeside(result, results);
    // `auto` leaves the processor for no other use of it.
    if (!isAccelerator(result.device) || beside === undefined || result.kind === 'processor') return [];
    const { device, hardware, machine: processor } = result;
    return [{ device, hardware, processor, ...crossingsOf(result.rates, beside.rates) }];
  });
  return `import type { Crossing, Limits } from './choose.ts';

/** Written by \`npm run bench:device -- --write\` from docs/devices.json: where \`--device auto\` leaves the processor. */
export const CROSSINGS: readonly Crossing[] = ${JSON.stringify(crossings)};

/** An assumption for CUDA on a GPU that nobody has measured: what takes the processor ${ASSUMED_MS} ms or more (${cpu.hardware}, steps of ${STEP_ROWS} rows). */
export const UNMEASURED: Limits = ${JSON.stringify(crossingsUnmeasured(cpu.rates))};
`;
}

/** Names of all figures, in order. */
export const NAMES: readonly string[] = FIGURES.map(nameOf);
