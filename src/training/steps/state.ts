import type { Random } from '../../base/philox.ts';
import type { TrainingTask } from '../../models/task.ts';

/** Values of a task's state variables, by name: parameters and what the optimiser remembers. */
export type StateValues = Readonly<Record<string, Float32Array>>;

/** The values that a task starts from: each variable from its own stream of the seed. */
export function initialState(task: TrainingTask, random: Random): StateValues {
  return Object.fromEntries(
    task.initial.map(({ name, shape, deviation }) => {
      const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
      if (deviation > 0) {
        random.stream(task.name, 'initial', name).fillNormal(values, 0);
        values.forEach((value, index) => (values[index] = value * deviation));
      }
      return [name, values];
    }),
  );
}
