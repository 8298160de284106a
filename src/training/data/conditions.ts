import { AristarchError } from '../../base/errors.ts';
import { suggestNames } from '../../base/near-names.ts';
import type { FeatureSchema, FieldKind } from '../../models/features/schema.ts';
import type { InferredSchema } from './infer.ts';

/**
 * Marks the fields of those names as conditions. Throws `INVALID_INPUT` for a name that is no column, for a column that is no
 * field (constant ones, say: all rows have the same condition), and where no other field is left to judge.
 */
export function markConditions(schema: FeatureSchema, names: ReadonlySet<string>): InferredSchema {
  if (names.size === 0) return { schema, warnings: [] };
  for (const name of names) checkField(schema, name);
  const fields = schema.fields.map((field) => (names.has(field.name) ? { ...field, condition: true as const } : field));
  if (fields.every(({ condition }) => condition)) throw nothingToJudge(names);
  const warnings = fields.flatMap(({ name, kind, condition }) => (condition ? UNGROUPED[kind](name) : []));
  return { schema: { ...schema, fields }, warnings };
}

/** What to say of a condition that has no levels to calibrate by. */
const UNGROUPED: { readonly [K in FieldKind]: (name: string) => string[] } = {
  number: (name) => [numberWarning(name)],
  timestamp: (name) => [
    `the condition ${name} is a time, so that rows are not calibrated by its values: all times keep the rate together`,
  ],
  boolean: () => [],
  category: () => [],
};

function checkField({ fields, excluded }: FeatureSchema, condition: string): void {
  if (fields.some(({ name }) => name === condition)) return;
  const reason = excluded.find(({ name }) => name === condition)?.reason;
  const message =
    reason === undefined
      ? `--condition names "${condition}", which is no column of the data.${suggestNames(condition, namesOf(fields))}`
      : `--condition names "${condition}", which is left out of the model (${reason}): name another column, or none`;
  throw new AristarchError('INVALID_INPUT', message, { condition });
}

const namesOf = (fields: FeatureSchema['fields']): string[] => fields.map(({ name }) => name);

function nothingToJudge(names: ReadonlySet<string>): AristarchError {
  const message = `--condition names every field (${[...names].join(', ')}): leave at least one to be judged`;
  return new AristarchError('INVALID_INPUT', message, { condition: [...names] });
}

/** A number is a condition like any other, but no level that rows could be grouped by. */
function numberWarning(name: string): string {
  return (
    `the condition ${name} is a number, so that rows are not calibrated by its values: if these are names, say ` +
    `so with --schema, {"fields": {${JSON.stringify(name)}: "category"}}`
  );
}
