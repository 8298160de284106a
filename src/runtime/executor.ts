import type { Graph } from '../graph/graph.ts';
import type { StepProgram } from '../graph/program.ts';
import type { Work } from './choice/work.ts';
import type { Hardware } from './hardware/hardware.ts';

export const DEVICES = ['cpu', 'webgpu', 'cuda', 'tfjs'] as const;
export type Device = (typeof DEVICES)[number];
/** What a user may ask for; `auto` is a device that is faster than the CPU at the work, where there is one (docs/devices.md), else the CPU. */
export const DEVICE_CHOICES = ['auto', ...DEVICES] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];

export interface NumberArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}
export type NamedArrays = Readonly<Record<string, NumberArray>>;

/** Where the operators of something compiled were seen to run. */
export interface Placement {
  readonly onDevice: number;
  /** `IsNaN (.v12)`: operator and name of each that runs on the CPU. */
  readonly onCpu: readonly string[];
}

/** A compiled graph. */
export interface Session {
  run(feeds: NamedArrays): Promise<NamedArrays>;
  /** The same, done before it returns; there where the calling thread is what computes, and nothing is waited for. */
  readonly runNow?: ((feeds: NamedArrays) => NamedArrays) | undefined;
  /** Of a model's file, on a device from which some operators may fall back to the CPU. */
  readonly placement?: Placement;
  close(): Promise<void>;
}

/** A compiled training step. */
export interface StepSession {
  /**
   * Runs `steps` steps. Feeds: the state, the shared data, and each per-step input with one more axis in front, `steps`
   * long. Answers `state.NAME` after the last step and `report.NAME`, a value for each step.
   */
  run(steps: number, feeds: NamedArrays): Promise<NamedArrays>;
  /** Of a step, on a device from which some operators may fall back to the CPU. */
  readonly placement?: Placement;
  close(): Promise<void>;
}

/** An engine on a device that was proven to work. */
export interface Executor {
  readonly device: Device;
  /** What it was found to compute on, once it had computed. */
  readonly hardware: Hardware;
  /** For people and reports: engine, version, device, threads, and the hardware where that is no matter of course. */
  readonly description: string;
  compile(graph: Graph): Promise<Session>;
  compileSteps(program: StepProgram): Promise<StepSession>;
  /** Loads a model from the bytes of an ONNX file. */
  load(onnx: Uint8Array): Promise<Session>;
  close(): Promise<void>;
}

export interface ExecutorOptions {
  readonly device: DeviceChoice;
  /** Threads inside one operation; the bytes of a training run depend on it. */
  readonly threads: number;
  /** What it is for, by which `auto` chooses; without it `auto` is the CPU. */
  readonly work?: Work | undefined;
  /** Called with a sentence on what was chosen and where it runs: a device that fell back, operators that do. */
  readonly warn: (message: string) => void;
}
