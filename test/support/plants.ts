import { createRandom } from '../../src/base/philox.ts';
import { encodeRecords } from '../../src/models/features/encode.ts';
import { rowWidth, type FeatureSchema, type Field } from '../../src/models/features/schema.ts';
import type { TranslationSource } from '../../src/training/translate/fit-translation.ts';

/** A measurement of a machine; each plant has sensors, units and habits of its own. */
export type Measurement = {
  readonly load: number;
  /** Goes with the load; a third of the plants measures it in another unit. */
  readonly heat: number;
  readonly vibration: number | null;
  readonly speed?: number;
  readonly mode: string;
  readonly guarded: boolean;
  readonly faulty: 0 | 1;
};

export interface Plant {
  readonly shift: number;
  /** Of the heat's unit. */
  readonly unit: number;
  readonly modes: readonly string[];
  readonly hasSpeed: boolean;
}

export const PLANTS = {
  ulm: { shift: 0, unit: 1, modes: ['run', 'idle'], hasSpeed: true },
  brest: { shift: 1, unit: 1, modes: ['run', 'idle', 'test'], hasSpeed: true },
  turin: { shift: -0.5, unit: 1.8, modes: ['idle', 'run'], hasSpeed: false },
} as const satisfies Record<string, Plant>;
export type PlantName = keyof typeof PLANTS;

/** The same rows for the same seed; a third is faulty: hotter for its load. */
export function measurements(name: PlantName, count: number, seed = 1): Measurement[] {
  const { shift, unit, modes, hasSpeed }: Plant = PLANTS[name];
  const stream = createRandom(seed).stream('plants', name);
  const [normal, uniform] = [new Float32Array(4), new Float32Array(4)];
  return Array.from({ length: count }, (_, row) => {
    stream.fillNormal(normal, row);
    stream.fillUniform(uniform, row);
    const [a = 0, b = 0, c = 0, d = 0] = normal;
    const [p = 0, q = 0, r = 0] = uniform;
    const faulty = p < 1 / 3 ? 1 : 0;
    const load = 50 + 10 * (a + shift);
    return {
      load,
      heat: unit * (20 + 0.8 * load + 3 * b + 8 * faulty),
      vibration: r < 0.1 ? null : 2 + 0.5 * c + 0.4 * a,
      ...(hasSpeed && { speed: Math.round(1000 + 80 * a + 40 * d) }),
      mode: modes[Math.floor(modes.length * q * q)]!,
      guarded: q + 0.3 * b > 0.4,
      faulty,
    };
  });
}

export function plantSchema(name: PlantName): FeatureSchema {
  const { modes, hasSpeed }: Plant = PLANTS[name];
  const number = (field: string, rest: { missing?: boolean; integer?: boolean } = {}): Field => {
    return { name: field, kind: 'number', missing: false, integer: false, ...rest };
  };
  const fields: Field[] = [
    number('load'),
    number('heat'),
    number('vibration', { missing: true }),
    ...(hasSpeed ? [number('speed', { integer: true })] : []),
    { name: 'mode', kind: 'category', missing: false, levels: modes },
    { name: 'guarded', kind: 'boolean', missing: false },
  ];
  return { fields, excluded: [] };
}

/** Rows as a source of a translation, their class whether they are faulty. */
export function toSource(name: PlantName, rows: readonly Measurement[], schema = plantSchema(name)): TranslationSource {
  const data = encodeRecords(schema, rows);
  const classes = Uint8Array.from(rows, ({ faulty }) => faulty);
  return { name, schema, rows: { data, shape: [rows.length, rowWidth(schema)] }, classes };
}
