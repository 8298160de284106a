import type { RandomStream } from '../base/philox.ts';
import type { StepProgram } from '../graph/program.ts';
import type { Tensor } from '../graph/tensor.ts';

/** A per-step input and where its numbers come from. */
export type Draw = { readonly input: Tensor<'input'> } & (
  | { readonly kind: 'normal' }
  | { readonly kind: 'uniform' }
  /** Whole numbers in [0, bound). */
  | { readonly kind: 'integers'; readonly bound: number }
  /** A scalar of the step's number (from 0). */
  | {
      readonly kind: 'schedule';
      readonly value: (step: number) => number;
      /** Whether it is lowered together with the learning rate after a divergence. */
      readonly isRate: boolean;
    }
  /** Whatever the task makes of the stream at a step; the same for the same stream and step. */
  | { readonly kind: 'made'; readonly make: MakeDraw }
);

export type MakeDraw = (out: Float32Array, stream: RandomStream, step: number) => void;

/** How a state variable starts: N(0, deviation^2), or zeros. */
export interface InitialState {
  readonly name: string;
  readonly shape: readonly number[];
  readonly deviation: number;
  /** Whether it belongs to a network, which learns it or has a layer that keeps it; else it is what the optimiser remembers. */
  readonly isParameter: boolean;
}

/** One network (or a critic with its generator) to be trained: what one step does, and what it needs. */
export interface TrainingTask {
  /** Unique in a run; names its random streams and its curves. */
  readonly name: string;
  /** For people: "WGAN-GP critic with generator". */
  readonly title: string;
  readonly program: StepProgram;
  readonly draws: readonly Draw[];
  readonly initial: readonly InitialState[];
  /** Steps of the program to run. */
  readonly steps: number;
  /** Updates of the critic in one step of the program. */
  readonly updatesPerStep: number;
  /** What a person can do where it diverges for good: "Lower --learning-rate". */
  readonly remedy?: string;
}
