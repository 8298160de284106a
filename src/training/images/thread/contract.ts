import type { Planes } from '../../../models/images/warp.ts';
import type { NamedArrays } from '../../../runtime/executor.ts';
import type { StepsPart } from '../../steps/task-steps.ts';

/** What a thread that trains critics of images can be asked for. */
export interface CriticThreadCalls {
  /** Compiles the step of a round's critic. */
  readonly open: (order: CriticOrder) => Promise<void>;
  /** Of the critic that is open. */
  readonly run: (part: StepsPart) => Promise<NamedArrays>;
  /** Of the critic that is open. */
  readonly close: (nothing: undefined) => Promise<void>;
}

/** What a thread that draws for critics of images can be asked for. */
export interface DrawCalls {
  readonly open: (order: CriticOrder) => void;
  /** Of the critic that is open: what steps `from` .. `from + count - 1` need. */
  readonly draw: (part: { readonly from: number; readonly count: number; readonly rateFactor: number }) => NamedArrays;
}

/** What all critics of a run have in common, by which a thread makes the same plan as anybody. */
export interface CriticRun {
  /** Of the family, and its settings. */
  readonly family: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly image: Planes;
  readonly seed: number;
  /** Threads inside one operation. */
  readonly threads: number;
}

/** The critic of a round. */
export interface CriticOrder extends CriticRun {
  readonly round: string;
  /** Of the steps. */
  readonly share: number;
  /** Images to train on, [count, channels size size] in [-1, 1]. */
  readonly images: Float32Array<ArrayBuffer>;
}
