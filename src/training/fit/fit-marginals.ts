import type { RandomStream } from '../../base/philox.ts';
import { conditionSlots, type FeatureSchema } from '../../models/features/schema.ts';
import { withoutConditions } from '../../models/features/conditions.ts';
import type { LevelColumn, Transform } from '../../models/features/transform.ts';
import { CONDITION_INPUT, LATENT_INPUT, LINEAR_OUTPUT, outputsGraph } from '../../models/generator-graph.ts';
import type { Marginals } from '../../models/marginals.ts';
import type { TrainedCritic } from '../../models/scoring-graph.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import { fitMap, fitOffsets, type Logits } from './match-spread.ts';

export interface MarginalsOptions {
  readonly executor: Executor;
  readonly schema: FeatureSchema;
  readonly transform: Transform;
  /** The critic that has the generator. */
  readonly critic: TrainedCritic;
  /** Raw training rows [count, rowWidth]. */
  readonly rows: NumberArray;
  readonly noise: RandomStream;
}

/** Made-up rows by which the spread of what the generator answers is seen. */
const PROBE_ROWS = 4096;

/**
 * Compares what the generator answers to noise with the training rows, column by column, and answers what makes them alike
 * (`Marginals`): for each number the map that takes its quantiles to the training rows', of rows where it is not missing; for
 * each level the offset that makes its mean probability its share. Conditions are those of training rows. Deterministic for a
 * stream.
 */
export async function fitMarginals(options: MarginalsOptions): Promise<Marginals> {
  const { numbers, cycles, levels } = withoutConditions(options.transform);
  const outputs = await probeGenerator(options);
  const width = outputs.shape[1] ?? 0;
  const columnOf = (slot: number): Float32Array => everyNth(options.rows, slot);
  const shift = new Float32Array(width);
  const present = new Map<number, Float64Array>();
  let start = numbers.length + 2 * cycles.length;
  for (const level of levels) {
    const logits: Logits = { data: outputs.data, stride: width, start, count: level.count };
    const { offsets, probabilities } = fitOffsets(logits, levelShares(columnOf(level.slot), level));
    shift.set(offsets, start);
    if (level.of === 'presence') present.set(level.slot, probabilities(0));
    start += level.count;
  }
  const maps = numbers.map(({ slot }, index) => {
    const made = { values: everyNth(outputs, index), weights: present.get(slot) };
    return [slot, fitMap(made, columnOf(slot))] as const;
  });
  return { numbers: new Map(maps), shift };
}

/** What the generator answers to noise, [PROBE_ROWS, made]. */
async function probeGenerator(options: MarginalsOptions): Promise<NumberArray> {
  const { executor, schema, transform, critic, rows, noise } = options;
  const latent = critic.plan.generator!.latent;
  const z = new Float32Array(PROBE_ROWS * latent);
  noise.fillNormal(z, 0);
  const slots = conditionSlots(schema);
  const conditions = new Float32Array(PROBE_ROWS * slots.length);
  const [count = 0, width = 0] = rows.shape;
  for (let row = 0; row < PROBE_ROWS; row++) {
    const from = Math.floor((row * count) / PROBE_ROWS);
    slots.forEach((slot, at) => (conditions[row * slots.length + at] = rows.data[from * width + slot]!));
  }
  const session = await executor.compile(outputsGraph(schema, transform, critic)!);
  const results = await session.run({
    [LATENT_INPUT]: { data: z, shape: [PROBE_ROWS, latent] },
    ...(slots.length > 0 && { [CONDITION_INPUT]: { data: conditions, shape: [PROBE_ROWS, slots.length] } }),
  });
  await session.close();
  const { data } = results[LINEAR_OUTPUT]!;
  return { data, shape: [PROBE_ROWS, data.length / PROBE_ROWS] };
}

function everyNth({ data, shape: [count = 0, width = 0] }: NumberArray, column: number): Float32Array {
  return Float32Array.from({ length: count }, (_, row) => data[row * width + column]!);
}

/** Share of the training rows at each index of a level; never 0, but for the unseen level. */
function levelShares(raw: Float32Array, { of, count, missingIndex, largestIndex }: LevelColumn): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const value of raw) {
    const index = Number.isNaN(value) ? missingIndex : of === 'presence' ? 0 : Math.min(value, largestIndex);
    counts[index]!++;
  }
  return counts.map((each, index) => {
    const isNever = of === 'value' && index === largestIndex;
    return isNever ? 0 : Math.max(each, 0.5) / raw.length;
  });
}
