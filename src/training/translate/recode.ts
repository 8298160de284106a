import { SLOTS, rowWidth, type FeatureSchema, type Field } from '../../models/features/schema.ts';
import type { NumberArray } from '../../runtime/executor.ts';

/**
 * Raw rows of one schema as raw rows of another that has columns of the same names: levels by their names, those that the other
 * does not know unseen. A column that the first lacks is filled from `lacking`, by its slot in the other.
 */
export function recodeRows(
  { data, shape }: NumberArray,
  from: FeatureSchema,
  to: FeatureSchema,
  lacking: (slot: number) => number,
): NumberArray {
  const [count = 0, width = 0] = shape;
  const wanted = rowWidth(to);
  const out = new Float32Array(count * wanted);
  const sources = slotsOf(from);
  for (const [name, { field, slot }] of slotsOf(to)) {
    const own = sources.get(name);
    const map = levelMap(own?.field, field);
    for (let offset = 0; offset < SLOTS[field.kind]; offset++) {
      for (let row = 0; row < count; row++) {
        const value = own ? map(data[row * width + own.slot + offset]!) : lacking(slot + offset);
        out[row * wanted + slot + offset] = value;
      }
    }
  }
  return { data: out, shape: [count, wanted] };
}

function slotsOf({ fields }: FeatureSchema): Map<string, { readonly field: Field; readonly slot: number }> {
  let slot = 0;
  return new Map(
    fields.map((field) => {
      const at = slot;
      slot += SLOTS[field.kind];
      return [field.name, { field, slot: at }];
    }),
  );
}

function levelMap(from: Field | undefined, to: Field): (value: number) => number {
  if (from?.kind !== 'category' || to.kind !== 'category') return (value) => value;
  const indices = from.levels.map((level) => to.levels.indexOf(level));
  return (value) => {
    if (Number.isNaN(value)) return NaN;
    const index = indices[value] ?? -1;
    return index >= 0 ? index : to.levels.length;
  };
}

/** Rows of several tables of one width, one after the other. */
export function stackRows(tables: readonly NumberArray[], width: number): NumberArray {
  const data = new Float32Array(tables.reduce((total, table) => total + table.data.length, 0));
  let at = 0;
  for (const table of tables) {
    data.set(table.data, at);
    at += table.data.length;
  }
  return { data, shape: [data.length / width, width] };
}
