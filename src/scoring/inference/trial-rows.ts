import { createRandom } from '../../base/philox.ts';
import type { ColumnFingerprint } from '../../models/artefact/manifest.ts';
import { type FeatureSchema, type FieldKind, rowWidth, SLOTS } from '../../models/features/schema.ts';

/** Rows like those of training, and one for each of these, the same in every field, which meet what is made of them at its ends. */
const ENDS = [NaN, 0, 3e38, -3e38, Infinity, -Infinity];
const ORDINARY = 34;
const MISSING = 0.05;

/** What tells a field's values: its training values in the manifest, its levels, and three numbers by chance in [0, 1). */
interface Drawn {
  readonly column: ColumnFingerprint | undefined;
  readonly levels: number;
  readonly chance: readonly [number, number, number];
}

const SLOT_VALUES: { readonly [K in FieldKind]: (drawn: Drawn) => readonly number[] } = {
  number: ({ column, chance: [at, between] }) => {
    const values = column?.quantiles ?? [-1, 1];
    const from = Math.floor(at * (values.length - 1));
    return [values[from]! + between * (values[from + 1]! - values[from]!)];
  },
  boolean: ({ chance: [at] }) => [Math.round(at)],
  category: ({ levels, chance: [at] }) => [Math.floor(at * (levels + 1))],
  timestamp: ({ chance: [at, between] }) => [at * 86_400, Math.floor(between * 7)],
};

/** Raw rows by which two ways of computing a model are told apart; the same for the same manifest. Not of images. */
export function* trialRows(schema: FeatureSchema, columns: readonly ColumnFingerprint[]): Generator<Float32Array> {
  const width = rowWidth(schema);
  const stream = createRandom(0).stream('trial-rows');
  const chances = new Float32Array(3 * schema.fields.length);
  for (let ordinary = 0; ordinary < ORDINARY; ordinary++) {
    stream.fillUniform(chances, ordinary);
    const row = new Float32Array(width);
    let slot = 0;
    schema.fields.forEach((field, index) => {
      const levels = field.kind === 'category' ? field.levels.length : 0;
      const chance = [chances[3 * index]!, chances[3 * index + 1]!, chances[3 * index + 2]!] as const;
      const values = SLOT_VALUES[field.kind]({ column: columns[index], levels, chance });
      row.set(chance[2] < MISSING ? values.map(() => NaN) : values, slot);
      slot += SLOTS[field.kind];
    });
    yield row;
  }
  for (const value of ENDS) yield new Float32Array(width).fill(value);
}
