import { SLOTS, type FeatureSchema } from '../../models/features/schema.ts';
import type { NumberArray } from '../../runtime/executor.ts';

/**
 * Warnings about levels that the schema does not know. They share one level, "unseen": trained on, it would be normal, and so
 * would every level that is never seen again.
 */
export function warnOfUnseenLevels({ fields }: FeatureSchema, { data, shape }: NumberArray): string[] {
  const [count = 0, width = 0] = shape;
  let slot = 0;
  return fields.flatMap((field) => {
    const at = slot;
    slot += SLOTS[field.kind];
    if (field.kind !== 'category') return [];
    let unseen = 0;
    for (let row = 0; row < count; row++) if (data[row * width + at]! >= field.levels.length) unseen++;
    if (unseen === 0) return [];
    return [
      `${unseen} of ${count} rows have levels of "${field.name}" that the model to go on from does not know: ` +
        'unknown levels will count as normal here; train anew, without --from-model, if they should be told apart',
    ];
  });
}
