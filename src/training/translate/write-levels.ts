import { createEncoder } from '../../models/features/encode.ts';
import { rowWidth, SLOTS, type FeatureSchema, type FieldKind } from '../../models/features/schema.ts';
import { parseIso8601 } from '../../models/features/timestamp.ts';
import type { NumberArray } from '../../runtime/executor.ts';
import type { Carried, ClassLevels } from './classes.ts';

/** What the classes of rows mean. */
export interface ClassMeaning {
  readonly carried: readonly Carried[];
  readonly classes: readonly ClassLevels[];
}

/**
 * Raw rows with the levels of their classes in those carried columns that are fields of the schema: there a critic has conditions.
 * A level that the schema does not know is unseen, one that is no value of the field's kind is missing.
 */
export function writeLevels(
  { data, shape }: NumberArray,
  schema: FeatureSchema,
  classOf: ArrayLike<number>,
  { carried, classes }: ClassMeaning,
): NumberArray {
  const [count = 0, width = rowWidth(schema)] = shape;
  const out = data.slice();
  let slot = 0;
  for (const field of schema.fields) {
    const at = slot;
    slot += SLOTS[field.kind];
    const index = carried.findIndex(({ name }) => name === field.name);
    if (index < 0) continue;
    const values = classes.map((levels) => ({ [field.name]: valueOf(field.kind, levels[index] ?? null) }));
    const encoded = createEncoder({ fields: [field], excluded: [] })(values);
    const slots = SLOTS[field.kind];
    for (let row = 0; row < count; row++) {
      out.set(encoded.subarray(classOf[row]! * slots, (classOf[row]! + 1) * slots), row * width + at);
    }
  }
  return { data: out, shape };
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

const READ: { readonly [K in FieldKind]: (level: string) => unknown } = {
  number: Number,
  boolean: (level) => FLAGS[level.toLowerCase()] ?? null,
  category: (level) => level,
  timestamp: (level) => (parseIso8601(level) === undefined ? null : level),
};

const valueOf = (kind: FieldKind, level: string | null): unknown => (level === null ? null : READ[kind](level));
