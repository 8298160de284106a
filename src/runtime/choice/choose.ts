import { DEVICES, type Device } from '../executor.ts';
import type { Work } from './work.ts';

/** A device other than the processor. */
export type Accelerator = Exclude<Device, 'cpu'>;
export const ACCELERATORS = DEVICES.filter((device): device is Accelerator => device !== 'cpu');

/** From where on a device is faster than the processor beside it; null where it never was. */
export interface Crossing {
  readonly device: Accelerator;
  /** As `findHardware` names it. */
  readonly hardware: string;
  /** Least width of a table's networks, in steps of `CROSSING_STEP_ROWS` rows. */
  readonly training: number | null;
  /** Least rows of a call, by the width of the critic. */
  readonly scoring: Readonly<Record<string, number | null>>;
  /** Least size of an image, in steps of a StyleGAN. */
  readonly images: number | null;
}
export const CROSSING_STEP_ROWS = 256;

/** Whether a device is faster at such work, as far as was measured: work between two sizes is judged as the smaller one. */
export function isWorth({ training, scoring, images }: Omit<Crossing, 'device' | 'hardware'>, work: Work): boolean {
  if (work.kind === 'images') return images !== null && work.size >= images;
  if (work.kind === 'training') return training !== null && work.width >= training && work.rows >= CROSSING_STEP_ROWS;
  const widths = Object.keys(scoring).map(Number);
  const width = widths.filter((each) => each <= work.width).toSorted((a, b) => b - a)[0];
  const rows = width === undefined ? null : (scoring[String(width)] ?? null);
  return rows !== null && work.rows >= rows;
}

/** What `auto` knows of a device here. */
export interface Candidate {
  readonly device: Accelerator;
  /** Why it is not tried; undefined where it is. */
  readonly reason: string | undefined;
}

export interface Choosing {
  readonly crossings: readonly Crossing[];
  /** From where on CUDA is tried on a GPU that nobody has measured. */
  readonly unmeasured: Omit<Crossing, 'device' | 'hardware'>;
  readonly hardwareOf: (device: Accelerator) => string | undefined;
}

/** Which devices are worth a try, the first that opens being taken, and why not the others. */
export function judgeCandidates(work: Work | undefined, { crossings, unmeasured, hardwareOf }: Choosing): Candidate[] {
  return ACCELERATORS.toSorted((a, b) => ORDER[a] - ORDER[b]).map((device) => {
    const hardware = hardwareOf(device);
    const measured = crossings.find((each) => each.device === device && each.hardware === hardware);
    if (measured === undefined && device !== 'cuda') return { device, reason: 'not measured' };
    if (work !== undefined && isWorth(measured ?? unmeasured, work)) return { device, reason: undefined };
    return { device, reason: `the CPU is taken for ${describeWork(work)}` };
  });
}

/** The order in which they are tried. */
const ORDER: { readonly [A in Accelerator]: number } = { cuda: 0, webgpu: 1, tfjs: 2 };

function describeWork(work: Work | undefined): string {
  if (work === undefined) return 'work of unknown size';
  if (work.kind === 'images') return `images of ${work.size} pixels`;
  return `${work.kind} by ${work.rows} rows, ${work.width} wide`;
}
