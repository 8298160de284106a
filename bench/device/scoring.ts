import { createRandom } from '../../src/base/philox.ts';
import { timeCalls } from '../../src/doctor/self-test.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { constant, input, reshape } from '../../src/graph/operations.ts';
import { BATCH, sizeOf } from '../../src/graph/shape.ts';
import { createMlp } from '../../src/models/layers/mlp.ts';
import type { Executor, Session } from '../../src/runtime/executor.ts';
import { FEATURES } from './figures.ts';

/** Features in, units of each layer out. */
export const widthsOf = (width: number): readonly number[] => [FEATURES, width, width, 1];

/** A critic that scores rows. */
export function openCritic(executor: Executor, width: number): Promise<Session> {
  const critic = createMlp({ name: 'critic', widths: widthsOf(width), slope: 0.2 });
  const random = createRandom(1);
  const rows = input('rows', [BATCH, FEATURES]);
  const scores = critic.apply(rows, ({ name, shape, deviation }) => {
    const values = new Float32Array(sizeOf(shape));
    random.stream(name).fillNormal(values, 0);
    return constant(
      values.map((value) => value * deviation),
      shape,
    );
  });
  return executor.compile(createGraph('critic', [rows], { scores: reshape(scores, [BATCH]) }));
}

/** Rows a second in calls of so many: the median of calls within so many milliseconds. */
export async function rateOf(session: Session, rows: number, forMs: number): Promise<number> {
  const data = new Float32Array(rows * FEATURES);
  createRandom(1).stream('rows', rows).fillNormal(data, 0);
  const feeds = { rows: { data, shape: [rows, FEATURES] } };
  await session.run(feeds);
  return (1000 * rows) / (await timeCalls(session, feeds, forMs));
}
