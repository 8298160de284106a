import { stateName } from '../../graph/program.ts';
import { GATYS, gatysTargets, planGatys } from '../../models/stylize/plan-gatys.ts';
import { STYLIZE } from '../../models/stylize/stylizer-graphs.ts';
import type { Draw, TrainingTask } from '../../models/task.ts';
import type { NamedArrays } from '../../runtime/executor.ts';
import { runOnce, type StyleMethod, type StyleWork } from './style-work.ts';

/** Steps between two looks at the progress. */
const STEPS_PER_CALL = 25;

/** Content and style -> the image, by Gatys' optimisation from the content on. */
export async function optimisePixels(
  { trained, executor, extents, feeds }: StyleWork,
  { onSteps, ...options }: Extract<StyleMethod, { kind: 'gatys' }>,
): Promise<Float32Array> {
  const graph = gatysTargets(trained, extents);
  const targets = await runOnce(executor, graph, feeds);
  const task = planGatys(trained, graph, options);
  const session = await executor.compileSteps(task.program);
  try {
    let state = startOf(task, feeds);
    for (let done = 0; done < task.steps;) {
      const count = Math.min(STEPS_PER_CALL, task.steps - done);
      const results = await session.run(count, { ...state, ...targets, ...schedules(task, done, count) });
      state = Object.fromEntries(task.initial.map(({ name }) => [name, results[stateName(name)]!]));
      done += count;
      onSteps?.(done);
    }
    return state[GATYS.image]!.data;
  } finally {
    await session.close();
  }
}

/** The content, and an optimiser that remembers nothing yet. */
function startOf({ initial }: TrainingTask, feeds: NamedArrays): NamedArrays {
  const empty = initial.map(({ name, shape }) => {
    return [name, { data: new Float32Array(shape.reduce((size, length) => size * length, 1)), shape }] as const;
  });
  return { ...Object.fromEntries(empty), [GATYS.image]: feeds[STYLIZE.content]! };
}

/** All that is new in a step are rates. */
function schedules({ draws }: TrainingTask, from: number, count: number): NamedArrays {
  const rates = draws.filter((draw): draw is Extract<Draw, { kind: 'schedule' }> => draw.kind === 'schedule');
  return Object.fromEntries(
    rates.map(({ input, value }) => {
      const data = Float32Array.from({ length: count }, (_, step) => value(from + step));
      return [input.attributes.name, { data, shape: [count] }];
    }),
  );
}
