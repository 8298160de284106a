import { createGraph, type Graph } from '../graph/graph.ts';
import {
  add,
  argMax,
  columns,
  concat,
  constant,
  input,
  multiply,
  round,
  select,
  subtract,
} from '../graph/operations.ts';
import { BATCH } from '../graph/shape.ts';
import { simplify } from '../graph/simplify.ts';
import type { Tensor } from '../graph/tensor.ts';
import { expandCompact, layoutOf, toCompact } from './features/compact.ts';
import { onlyConditions } from './features/conditions.ts';
import { decodeCycle, decodeNumber } from './features/decode-compact.ts';
import { conditionSlots, rowWidth, type FeatureSchema } from './features/schema.ts';
import type { LevelColumn, Transform } from './features/transform.ts';
import { applyMap, type Marginals } from './marginals.ts';
import { constants, type TrainedCritic } from './scoring-graph.ts';

/**
 * Names in generator.onnx: standard normal noise [N, latent] in, raw rows [N, rowWidth] out. Where the model has conditions,
 * their slots of a raw row [N, conditionSlots] go in, too, in the order of the schema.
 */
export const LATENT_INPUT = 'latent';
export const CONDITION_INPUT = 'condition';
export const GENERATED_OUTPUT = 'rows';
export const LINEAR_OUTPUT = 'outputs';

/**
 * What generator.onnx computes: generated expanded rows, turned back into raw rows in the user's own units. Numbers stay
 * within the range of the training rows, whole numbers are whole, and a category is one of its levels, drawn by the last
 * columns of the noise. Conditions come out as they went in. Null where the critic has no generator.
 */
export function generatorGraph(
  schema: FeatureSchema,
  transform: Transform,
  critic: TrainedCritic,
  marginals: Marginals | null = null,
): Graph | null {
  const { generator } = critic.plan;
  if (!generator) return null;
  const { latent, levelNoise } = generator;
  const z = input(LATENT_INPUT, [BATCH, latent + levelNoise]);
  const given = conditionSlots(schema);
  const condition = given.length > 0 ? input(CONDITION_INPUT, [BATCH, given.length]) : null;
  const expanded = condition && expandConditions(condition, transform, given);
  const outputs = generator.outputs(columns(z, 0, latent), expanded, constants(critic.weights));
  const shifted = marginals ? add(outputs, constant(marginals.shift, [1, marginals.shift.length])) : outputs;
  const noise = levelNoise === 0 ? z : columns(z, latent, latent + levelNoise);
  const values = decode(generator.toRows(shifted, noise, expanded), transform, marginals);
  given.forEach((slot, index) => values.set(slot, columns(condition!, index, index + 1)));
  const slots = Array.from({ length: rowWidth(schema) }, (_, slot) => values.get(slot)!);
  const inputs = condition ? [z, condition] : [z];
  return simplify(createGraph('generator', inputs, { [GENERATED_OUTPUT]: concat(slots, 1) }));
}

/** The generator's linear outputs alone, by which `Marginals` are fitted. */
export function outputsGraph(schema: FeatureSchema, transform: Transform, critic: TrainedCritic): Graph | null {
  const { generator } = critic.plan;
  if (!generator) return null;
  const z = input(LATENT_INPUT, [BATCH, generator.latent]);
  const given = conditionSlots(schema);
  const condition = given.length > 0 ? input(CONDITION_INPUT, [BATCH, given.length]) : null;
  const expanded = condition && expandConditions(condition, transform, given);
  const outputs = generator.outputs(z, expanded, constants(critic.weights));
  return simplify(createGraph('outputs', condition ? [z, condition] : [z], { [LINEAR_OUTPUT]: outputs }));
}

/** Slots of conditions [n, conditionSlots] -> their expanded columns, [n, conditionWidth]. */
function expandConditions(condition: Tensor, transform: Transform, slots: readonly number[]): Tensor | null {
  const own = onlyConditions(transform, slots);
  // A time that was the same in all training rows fills slots, but no column.
  return layoutOf(own).compactWidth === 0 ? null : expandCompact(toCompact(condition, own), own);
}

/** Slot of the raw row -> its values [n, 1]. */
function decode(
  x: Tensor,
  { numbers, cycles, levels, fixed, clip: limit }: Transform,
  marginals: Marginals | null,
): Map<number, Tensor> {
  const values = new Map<number, Tensor>();
  const column = (at: number): Tensor => columns(x, at, at + 1);
  numbers.forEach((number, index) => {
    const map = marginals?.numbers.get(number.slot);
    const mapped = map && applyMap(column(index), map);
    const value = mapped ?? decodeNumber(column(index), number, limit);
    values.set(number.slot, mapped && number.integer ? round(mapped) : value);
  });
  cycles.forEach((cycle, index) => {
    const sine = numbers.length + index;
    values.set(cycle.slot, decodeCycle(column(sine), column(sine + cycles.length), cycle.period));
  });
  const anywhere = multiply(column(0), 0);
  for (const { slot, value } of fixed) values.set(slot, add(anywhere, value));
  let start = numbers.length + 2 * cycles.length;
  for (const level of levels) {
    decodeLevel(columns(x, start, start + level.count), level, values);
    start += level.count;
  }
  return values;
}

/** A missing value is NaN in the raw row. */
function decodeLevel(indicators: Tensor, level: LevelColumn, values: Map<number, Tensor>): void {
  const index = argMax(indicators, 1);
  const isPresent = subtract(index, level.missingIndex);
  for (let slot = level.slot; slot < level.slot + level.span; slot++) {
    const value = level.of === 'presence' ? values.get(slot)! : index;
    values.set(slot, select(isPresent, value, NaN));
  }
}
