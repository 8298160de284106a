/**
 * The schema of a model's input: which fields a record has, of what kind, and which slots of the raw numeric row each
 * field fills. It is inferred once, from training rows, kept in the manifest, and is the same in training, gRPC and Kafka.
 *
 * | kind      | slots | value in the raw row                                              | null, NaN, absent value |
 * |-----------|-------|-------------------------------------------------------------------|-------------------------|
 * | number    | 1     | the number; infinities stay infinite (the critic clips them)       | NaN                     |
 * | boolean   | 1     | 0 or 1                                                            | NaN                     |
 * | category  | 1     | index of the level in `levels`; `levels.length` for an unseen one  | NaN                     |
 * | timestamp | 2     | second of the day [0, 86400), day of the week (0 = Monday), in UTC | NaN, NaN                |
 *
 * A missing value is normal where training had missing values in the field. Where it had none, a missing category or flag
 * is an unseen level, a missing number is as odd as an infinite one, and of a missing time the middle one is taken.
 */
export type Field = NumberField | BooleanField | CategoryField | TimestampField;
export type FieldKind = Field['kind'];

interface FieldBase {
  readonly name: string;
  /** Whether training rows had missing values here; if so, missing is a level of its own and may be normal. */
  readonly missing: boolean;
  /**
   * A condition: the critic judges the other fields given this one ("normal for this machine type"). Negatives never move it, a
   * generator is told it, and an explanation never changes it. Absent for an ordinary field, and in older manifests.
   */
  readonly condition?: true | undefined;
}
export interface NumberField extends FieldBase {
  readonly kind: 'number';
  /** Every training value was a whole number; generated rows are rounded. */
  readonly integer: boolean;
}
export interface BooleanField extends FieldBase {
  readonly kind: 'boolean';
}
export interface CategoryField extends FieldBase {
  readonly kind: 'category';
  /** Levels seen in training, most frequent first, ties by name. */
  readonly levels: readonly string[];
}
export interface TimestampField extends FieldBase {
  readonly kind: 'timestamp';
}

/** An image, which fills the whole raw row: planes [channels, size, size] of pixels in 0 .. 255, as fit-picture.ts makes them. */
export interface ImageField {
  readonly name: string;
  readonly kind: 'image';
  readonly channels: 1 | 3;
  /** Height and width that every image is brought to. */
  readonly size: number;
  /** Height and width of the patches that are looked at one by one; absent where the image is looked at whole. */
  readonly patchSize?: number | undefined;
  /** What a generator of images is told of each; the critic judges whatever it is. Absent where there is none. */
  readonly label?: ImageLabel | undefined;
}

/** A column of levels beside the images. */
export interface ImageLabel {
  readonly name: string;
  /** Levels seen in training, most frequent first, ties by name. */
  readonly levels: readonly string[];
}

export interface ExcludedColumn {
  readonly name: string;
  /** For people: "constant", "looks like an identifier (9,812 levels in 10,000 rows)", "excluded on request", ... */
  readonly reason: string;
}

export interface FeatureSchema {
  /** None where the record is an image. */
  readonly fields: readonly Field[];
  readonly image?: ImageField | undefined;
  readonly excluded: readonly ExcludedColumn[];
}

/** The schema of what a generator makes and is told: the label of images as a condition. A record to be scored has no label. */
export function generatedSchema(schema: FeatureSchema): FeatureSchema {
  const label = schema.image?.label;
  if (label === undefined) return schema;
  return { ...schema, fields: [{ ...label, kind: 'category', missing: false, condition: true }] };
}

/** Slots of the raw row that a field of each kind fills. */
export const SLOTS: { readonly [K in FieldKind]: number } = { number: 1, boolean: 1, category: 1, timestamp: 2 };

/** Width of the raw row: how many float32 slots one record takes. */
export function rowWidth(schema: FeatureSchema): number {
  if (schema.image) return schema.image.channels * schema.image.size ** 2;
  return schema.fields.reduce((width, field) => width + SLOTS[field.kind], 0);
}

/** Slots of the raw row that conditions fill, in order. */
export function conditionSlots({ fields }: FeatureSchema): number[] {
  let slot = 0;
  return fields.flatMap(({ kind, condition }) => {
    const own = Array.from({ length: SLOTS[kind] }, () => slot++);
    return condition ? own : [];
  });
}

/** Names of the fields that are conditions, in order. */
export function conditionNames({ fields }: FeatureSchema): string[] {
  return fields.filter(({ condition }) => condition).map(({ name }) => name);
}

/** Names of the raw row's slots, in order: the field's name, `name.secondOfDay` and `name.dayOfWeek`, or `name.0` and on for pixels. */
export function slotNames(schema: FeatureSchema): string[] {
  const { image } = schema;
  if (image) return Array.from({ length: rowWidth(schema) }, (_, pixel) => `${image.name}.${pixel}`);
  return schema.fields.flatMap((field) =>
    field.kind === 'timestamp' ? [`${field.name}.secondOfDay`, `${field.name}.dayOfWeek`] : [field.name],
  );
}
