import type { Graph } from '../../graph/graph.ts';
import type { Phase } from '../stylegan/phases.ts';
import type { TrainingTask } from '../task.ts';

type Weights = Readonly<Record<string, Float32Array>>;

/** A generator of images and its own critic, which play in phases, each a task that begins where the one before it ended. */
export interface ImageGamePlan {
  /** For people: "StyleGAN's critic and generator". */
  readonly title: string;
  /** Labels that images may have, and the generator is told; 0 for none. */
  readonly labels: number;
  /** Images in a step. */
  readonly batch: number;
  /** In order; at least one, the last at the full size. */
  readonly phases: readonly Phase[];
  /**
   * What a phase trains on so many images, rows in -1 .. 1, the place of its label behind each where they have such; the phases of one
   * size have the same state.
   */
  taskOf(phase: Phase, count: number): TrainingTask;
  /** What generator.onnx computes, by the weights after a phase of this size. */
  generatorGraph(size: number, weights: Weights): Graph;
  /** The own critic's score: raw rows [N, colours size size] in 0 .. 255 -> scores [N]; high = anomalous. */
  scoringGraph(size: number, weights: Weights): Graph;
}
