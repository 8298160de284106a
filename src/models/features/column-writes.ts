import { slotColumn, type WrittenColumn } from '../../tables/rows-writer.ts';
import { quoteList } from '../../tables/sql.ts';
import type { ColumnFingerprint } from '../artefact/manifest.ts';
import { SLOTS, type FeatureSchema, type Field } from './schema.ts';
import { REFERENCE_MONDAY } from './timestamp.ts';

/** The smallest whole number that a BIGINT cannot hold. */
const BEYOND_BIGINT = 2 ** 63;

/**
 * Raw rows -> columns of the user's own types, for `rows-writer.ts`; `column-reads.ts` the other way round.
 *
 * | kind             | column    | of note                                                                              |
 * |------------------|-----------|--------------------------------------------------------------------------------------|
 * | number, integer  | BIGINT    | DOUBLE where training had values beyond BIGINT                                       |
 * | number, other    | DOUBLE    | the shortest decimal that names the raw row's float32: 0.1, not 0.10000000149011612  |
 * | boolean          | BOOLEAN   |                                                                                      |
 * | category         | VARCHAR   | the level's text; an unseen level, which no text names, is null                      |
 * | timestamp        | TIMESTAMP | weekday and time of day (UTC) in the week of 1970-01-05: a raw row knows no date     |
 *
 * NaN is null in every kind.
 */
export function writtenColumns(
  { fields }: FeatureSchema,
  training: readonly (ColumnFingerprint | undefined)[] = [],
): readonly WrittenColumn[] {
  let slot = 0;
  return fields.map((field, index) => {
    const sql = writeField(field, slot, training[index]);
    slot += SLOTS[field.kind];
    return { name: field.name, sql };
  });
}

/** NULL before a cast, which would refuse NaN. */
const present = (slot: number): string => `CASE WHEN isnan(${slotColumn(slot)}) THEN NULL ELSE ${slotColumn(slot)} END`;

function writeField(field: Field, slot: number, training: ColumnFingerprint | undefined): string {
  const value = present(slot);
  switch (field.kind) {
    case 'number':
      return field.integer && isBigint(training)
        ? `CAST(${value} AS BIGINT)`
        : `CAST(CAST(${value} AS VARCHAR) AS DOUBLE)`;
    case 'boolean':
      return `(${value}) <> 0`;
    case 'category':
      return `list_extract(CAST(${quoteList(field.levels)} AS VARCHAR[]), CAST(${value} AS BIGINT) + 1)`;
    case 'timestamp': {
      const seconds = `${REFERENCE_MONDAY} + 86400 * CAST(${present(slot + 1)} AS BIGINT) + CAST(${value} AS BIGINT)`;
      return `make_timestamp(1000000 * (${seconds}))`;
    }
  }
}

/** By the least and the greatest training value. */
function isBigint(training: ColumnFingerprint | undefined): boolean {
  const { quantiles = [] } = training ?? {};
  return [quantiles.at(0) ?? 0, quantiles.at(-1) ?? 0].every((end) => Math.abs(end) < BEYOND_BIGINT);
}
