import { AristarchError } from '../base/errors.ts';
import { listNames, suggestNames } from '../base/near-names.ts';
import type { Random } from '../base/philox.ts';
import { encodeRecords, unknownFields, type RawRecord } from '../models/features/encode.ts';
import { rowWidth, SLOTS, type FeatureSchema, type Field } from '../models/features/schema.ts';
import { drawColumn } from './draw-column.ts';
import { blockRowsOf, type SamplerDescription } from './sampler.ts';

/** Slots of the conditions of a block's rows, [rows of a block, conditionSlots]. Blocks are asked for in order. */
export type ConditionSource = (block: number) => Promise<Float32Array>;

/** The conditions alone, as a schema. */
export function conditionSchema({ fields }: FeatureSchema): FeatureSchema {
  return { fields: fields.filter(({ condition }) => condition), excluded: [] };
}

/**
 * The given conditions in every row, the others drawn as the training rows were spread, each by itself: the manifest knows
 * the spread of each field, not of their combinations (`draw-column.ts`).
 * Throws `INVALID_INPUT` for a name that is no condition and for a value that the generator was never shown.
 */
export function drawConditions(description: SamplerDescription, given: RawRecord, random: Random): ConditionSource {
  const own = conditionSchema(description.schema);
  checkNames(description, own, given);
  const width = rowWidth(own);
  let slot = 0;
  const columns = own.fields.map((field) => {
    const at = slot;
    slot += SLOTS[field.kind];
    if (Object.hasOwn(given, field.name)) return { at, draw: always(encodeGiven(field, given[field.name])) };
    const training = description.trainingColumns.find(({ name }) => name === field.name);
    return { at, draw: drawColumn(field, training, random.stream('sample', 'condition', field.name)) };
  });
  const blockRows = blockRowsOf(description.schema);
  return (block) => {
    const rows = new Float32Array(blockRows * width);
    for (const { at, draw } of columns) {
      draw(block, blockRows).forEach((values, row) => rows.set(values, row * width + at));
    }
    return Promise.resolve(rows);
  };
}

const always =
  (slots: Float32Array) =>
  (_: number, count: number): readonly Float32Array[] =>
    Array<Float32Array>(count).fill(slots);

/**
 * Conditions as they come, row by row: the first for row `firstRow` of the sequence. Throws `INVALID_INPUT` for a value
 * that the generator was never shown, and where they end too early.
 */
export function takeConditions(
  { schema }: SamplerDescription,
  batches: AsyncIterable<Float32Array>,
  firstRow: number,
  count: number,
): ConditionSource {
  const own = conditionSchema(schema);
  const width = rowWidth(own);
  const iterator = batches[Symbol.asyncIterator]();
  let rest = new Float32Array(0);
  let taken = 0;
  const next = async () => {
    const result = await iterator.next();
    if (result.done === true) throw tooFew(taken, count);
    return checkRows(own, result.value, taken);
  };
  const blockRows = blockRowsOf(schema);
  return async (block) => {
    const rows = new Float32Array(blockRows * width);
    const start = block * blockRows;
    const end = Math.min(firstRow + count, start + blockRows);
    for (let row = Math.max(firstRow, start); row < end;) {
      if (rest.length === 0) rest = await next();
      const fits = rest.subarray(0, (end - row) * width);
      rows.set(fits, (row - start) * width);
      rest = rest.subarray(fits.length);
      row += fits.length / width;
      taken += fits.length / width;
    }
    return rows;
  };
}

function tooFew(taken: number, count: number): AristarchError {
  const message = `there are conditions for ${taken} rows, and ${count} rows are asked for: ask for fewer, or give more`;
  return new AristarchError('INVALID_INPUT', message, { conditions: taken, count });
}

function checkNames({ name: model }: SamplerDescription, own: FeatureSchema, given: RawRecord): void {
  const [unknown] = unknownFields(own, given);
  if (unknown === undefined) return;
  const names = own.fields.map(({ name }) => name);
  const hint =
    names.length === 0
      ? `"${model}" was trained without conditions (train --condition)`
      : `conditions of "${model}" are ${listNames(names)}.${suggestNames(unknown, names)}`;
  throw new AristarchError('INVALID_INPUT', `"${unknown}" is no condition: ${hint}`, { condition: unknown });
}

function encodeGiven(field: Field, value: unknown): Float32Array {
  const schema: FeatureSchema = { fields: [field], excluded: [] };
  return checkRows(schema, encodeRecords(schema, [{ [field.name]: value }]), undefined, value);
}

/** Refuses what the generator was never shown: an unseen level, a missing value where training had none, no finite number. */
function checkRows(
  schema: FeatureSchema,
  rows: Float32Array,
  firstRow?: number,
  given?: unknown,
): Float32Array<ArrayBuffer> {
  const width = rowWidth(schema);
  for (let start = 0; start < rows.length; start += width) {
    let at = start;
    for (const field of schema.fields) {
      const fault = faultOf(field, rows[at]!, given);
      at += SLOTS[field.kind];
      if (fault === undefined) continue;
      const where = firstRow === undefined ? '' : ` in row ${firstRow + start / width + 1}`;
      throw new AristarchError('INVALID_INPUT', `the condition "${field.name}"${where} ${fault}`, {
        condition: field.name,
      });
    }
  }
  return Float32Array.from(rows);
}

function faultOf(field: Field, value: number, given: unknown): string | undefined {
  if (Number.isNaN(value)) {
    return field.missing ? undefined : 'is missing, as it never was in training: give a value';
  }
  if (field.kind === 'category' && value >= field.levels.length) {
    if (typeof given !== 'string') return 'has a level that training never saw';
    return `has the level ${JSON.stringify(given)}, which training never saw.${suggestNames(given, field.levels)}`;
  }
  if (field.kind !== 'number') return undefined;
  if (!Number.isFinite(value)) return `is ${value}: give a finite number`;
  return field.integer && !Number.isInteger(value) ? `is ${value}: in training it was always whole` : undefined;
}
