import type { Device } from '../executor.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { Work } from './work.ts';

/** A device other than the processor. */
export type Accelerator = Exclude<Device, 'cpu'>;

/** From where on a device is faster than the processor; null where it never was. */
export interface Limits {
  /** Least width of a table's networks, in steps of `CROSSING_STEP_ROWS` rows. */
  readonly training: number | null;
  /** Least rows of a call, by the width of the critic. */
  readonly scoring: Readonly<Record<string, number | null>>;
  /** Least size of an image, in steps of a StyleGAN by `CROSSING_GAME`. */
  readonly images: number | null;
}
export const CROSSING_STEP_ROWS = 256;
/** Images of a step, and channels of the widest layer. */
export const CROSSING_GAME = { images: 8, channels: 64 } as const;

/** What was measured of a device on one kind of hardware, beside one kind of processor. */
export interface Crossing extends Limits {
  readonly device: Accelerator;
  /** The name of an identified `Hardware`. */
  readonly hardware: string;
  /** That it was held beside. */
  readonly processor: string;
}

/** Whether a device is faster at such work, as far as was measured: work between two sizes is judged as the smaller one. */
export function isWorth({ training, scoring, images }: Limits, work: Work): boolean {
  if (work.kind === 'images') {
    if (images === null || work.size < images || work.channels < CROSSING_GAME.channels) return false;
    // Of larger images fewer are as much work.
    return work.images * work.size ** 2 >= CROSSING_GAME.images * images ** 2;
  }
  if (work.kind === 'training') return training !== null && work.width >= training && work.rows >= CROSSING_STEP_ROWS;
  const widths = Object.keys(scoring).map(Number);
  const width = widths.filter((each) => each <= work.width).toSorted((a, b) => b - a)[0];
  const rows = width === undefined ? null : (scoring[String(width)] ?? null);
  return rows !== null && work.rows >= rows;
}

/** What `auto` goes by. */
export interface Figures {
  readonly crossings: readonly Crossing[];
  /** From where on CUDA is taken on a GPU that nobody has measured beside such a processor: an assumption. */
  readonly unmeasured: Limits;
  /** The processor of this machine. */
  readonly processor: string;
}

/** The order in which devices are tried. */
export const AUTO_ORDER: readonly Accelerator[] = ['cuda', 'webgpu', 'tfjs'];

/** Why a device need not be opened for such work, whatever hardware it would be found on; undefined where it may be worth it. */
export function whyNotOpen(device: Accelerator, work: Work | undefined, figures: Figures): string | undefined {
  const measured = figures.crossings.filter((each) => each.device === device && each.processor === figures.processor);
  const limits = ASSUMING[device] ? [...measured, figures.unmeasured] : measured;
  if (limits.length === 0) return 'not measured beside this processor';
  return work !== undefined && limits.some((each) => isWorth(each, work)) ? undefined : leftToCpu(work);
}

/** Judges a device by the hardware that it was found on when it was opened. */
export type Verdict =
  | { readonly isTaken: true; /** Whether by the assumption alone. */ readonly isAssumed: boolean }
  | { readonly isTaken: false; readonly reason: string };

export function judge(device: Accelerator, hardware: Hardware, work: Work | undefined, figures: Figures): Verdict {
  // TF.js without TensorFlow, and software in a GPU's place: what little a figure may say for one says nothing of the next.
  if (hardware.kind === 'processor') return { isTaken: false, reason: 'it computes on a processor as well' };
  const measured = figures.crossings.find(
    (each) => each.device === device && each.processor === figures.processor && each.hardware === hardware.name,
  );
  const isMeasured = measured !== undefined && hardware.isIdentified;
  if (!isMeasured && !ASSUMING[device])
    return { isTaken: false, reason: `not measured on ${hardware.name} beside this processor` };
  const limits = isMeasured ? measured : figures.unmeasured;
  if (work === undefined || !isWorth(limits, work)) return { isTaken: false, reason: leftToCpu(work) };
  return { isTaken: true, isAssumed: !isMeasured };
}

/** Whether it is taken where nobody has measured it: what opens as CUDA is a GPU, and of the others nobody knows. */
const ASSUMING: { readonly [A in Accelerator]: boolean } = { cuda: true, webgpu: false, tfjs: false };

const leftToCpu = (work: Work | undefined): string => `the CPU is taken for ${describeWork(work)}`;

function describeWork(work: Work | undefined): string {
  if (work === undefined) return 'work of unknown size';
  if (work.kind === 'images') return `${work.images} images of ${work.size} pixels, ${work.channels} channels wide`;
  return `${work.kind} by ${work.rows} rows, ${work.width} wide`;
}
