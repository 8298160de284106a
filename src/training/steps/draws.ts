import type { Random, RandomStream } from '../../base/philox.ts';
import type { Draw, TrainingTask } from '../../models/task.ts';
import type { NamedArrays } from '../../runtime/executor.ts';

/** Fills the per-step inputs of steps `from` .. `from + count - 1`; the same for the same steps, however they are cut. */
export type DrawSteps = (from: number, count: number, rateFactor: number) => NamedArrays;

/** Noise, indices and schedules of a task, each from its own stream of the seed. */
export function createDraws(task: TrainingTask, random: Random): DrawSteps {
  const streams = task.draws.map((draw) => random.stream(task.name, 'draw', draw.input.attributes.name));
  return (from, count, rateFactor) =>
    Object.fromEntries(
      task.draws.map((draw, index) => {
        const shape = shapeOf(draw);
        const size = sizeOf(draw);
        const data = new Float32Array(count * size);
        for (let step = 0; step < count; step++) {
          const out = data.subarray(step * size, (step + 1) * size);
          fill(draw, streams[index]!, out, from + step, rateFactor);
        }
        return [draw.input.attributes.name, { data, shape: [count, ...shape] }];
      }),
    );
}

const shapeOf = ({ input }: Draw): readonly number[] => input.shape as readonly number[];
const sizeOf = (draw: Draw): number => shapeOf(draw).reduce((product, length) => product * length, 1);

/** Bytes of the draws of one call, at most: changed copies of large images take 150 MB a step. */
const CALL_BYTES = 2 ** 28;

/** Steps whose draws fit into one call; one at least. */
export function stepsWithin({ draws }: Pick<TrainingTask, 'draws'>, bytes: number = CALL_BYTES): number {
  return Math.max(1, Math.floor(bytes / Math.max(1, bytesOfDraws(draws))));
}

/** Bytes of the draws of one call of at most so many steps. */
export const bytesOfCall = (task: Pick<TrainingTask, 'draws'>, stepsPerCall: number): number =>
  Math.min(stepsPerCall, stepsWithin(task)) * bytesOfDraws(task.draws);

const bytesOfDraws = (draws: readonly Draw[]): number =>
  Float32Array.BYTES_PER_ELEMENT * draws.reduce((total, draw) => total + sizeOf(draw), 0);

function fill(draw: Draw, stream: RandomStream, out: Float32Array, step: number, rateFactor: number): void {
  switch (draw.kind) {
    case 'normal': {
      stream.fillNormal(out, step);
      return;
    }
    case 'uniform': {
      stream.fillUniform(out, step);
      return;
    }
    case 'integers': {
      stream.fillIntegers(out, step, draw.bound);
      return;
    }
    case 'made': {
      draw.make(out, stream, step);
      return;
    }
    case 'schedule':
      out[0] = draw.value(step) * (draw.isRate ? rateFactor : 1);
  }
}
