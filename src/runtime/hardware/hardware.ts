import { cpus } from 'node:os';

/** `unknown` where the engine does not say whether it computes on a GPU or on a processor in its place. */
export type HardwareKind = 'processor' | 'gpu' | 'unknown';

/** What a device computes on, as far as the process knows that computes. */
export interface Hardware {
  readonly kind: HardwareKind;
  /** "NVIDIA H200", "Intel(R) Xeon(R) Processor"; where nobody names it, what is known instead. */
  readonly name: string;
  /** Whether the name stands for one model of processor, GPU or software, so that figures which were measured on it hold. */
  readonly isIdentified: boolean;
}

/** The model of this machine's processor. */
export const processorName = (): string => cpus()[0]?.model.trim() ?? 'an unnamed processor';

export const processorHardware = (): Hardware => ({ kind: 'processor', name: processorName(), isIdentified: true });

/** `NVIDIA H200 (a GPU)`. */
export const describeHardware = ({ kind, name }: Hardware): string => `${name}${KIND_NOTES[kind]}`;

const KIND_NOTES: { readonly [K in HardwareKind]: string } = {
  processor: ' (a processor)',
  gpu: ' (a GPU)',
  unknown: '',
};
