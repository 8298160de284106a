import { createRandom } from '../../src/base/philox.ts';
import { timeCalls } from '../../src/doctor/self-test.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { constant, input, reshape } from '../../src/graph/operations.ts';
import { BATCH, sizeOf } from '../../src/graph/shape.ts';
import { createMlp } from '../../src/models/layers/mlp.ts';
import type { Executor } from '../../src/runtime/executor.ts';

export const BATCHES = [1, 16, 256, 4096] as const;
const FEATURES = 64;

/** Rows a second of a critic 64-width-width-1, by the rows of a call: medians of calls within so many milliseconds. */
export async function measureScoring(
  executor: Executor,
  width: number,
  forMs: number,
): Promise<Record<string, number>> {
  const critic = createMlp({ name: 'critic', widths: [FEATURES, width, width, 1], slope: 0.2 });
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
  const session = await executor.compile(createGraph('critic', [rows], { scores: reshape(scores, [BATCH]) }));
  const rates: Record<string, number> = {};
  for (const batch of BATCHES) {
    const data = new Float32Array(batch * FEATURES);
    random.stream('rows', batch).fillNormal(data, 0);
    const feeds = { rows: { data, shape: [batch, FEATURES] } };
    await session.run(feeds);
    rates[String(batch)] = (1000 * batch) / (await timeCalls(session, feeds, forMs));
  }
  await session.close();
  return rates;
}
