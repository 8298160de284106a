import type { Manifest } from '../models/artefact/manifest.ts';
import { conditionGroups, type GroupLevel } from '../models/features/condition-groups.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import type { NumberArray } from '../runtime/executor.ts';
import type { HeldOutScore } from './fit/fit-model.ts';

type ManifestGroups = NonNullable<Manifest['calibration']['groups']>;

export interface GroupedScores {
  readonly groups: ManifestGroups;
  readonly warnings: readonly string[];
}

/** Names that a warning lists; the report has them all. */
const MOST_NAMED = 5;
/** Groups of their own that a model may have, the largest; their places are 16 bits wide. */
const MOST_GROUPS = 65_000;

/**
 * Held-out scores by the levels of the rows' conditions (scoring/group-calibration.ts says what for). A group is one of its own
 * where its rows promise the model's rate; the others are one group together. Null where no condition has levels.
 */
export function groupScores(
  schema: FeatureSchema,
  rows: NumberArray,
  heldOut: readonly HeldOutScore[],
  rate: number,
): GroupedScores | null {
  const conditions = conditionGroups(schema);
  if (conditions === null) return null;
  const groups = new Map<string, { levels: GroupLevel[] | null; scores: number[] }>();
  for (const { row, score } of heldOut) {
    const key = conditions.keyOf(rows.data, row);
    const group = groups.get(key) ?? { levels: conditions.levelsOf(rows.data, row), scores: [] };
    group.scores.push(score);
    groups.set(key, group);
  }
  const enough = (count: number): boolean => 1 / (count + 1) <= rate;
  const largestFirst = [...groups.values()].sort((a, b) => b.scores.length - a.scores.length);
  const members = largestFirst
    .flatMap(({ levels, scores }) => (levels !== null && enough(scores.length) ? [{ levels, scores }] : []))
    .slice(0, MOST_GROUPS);
  const own = new Set(members.map(({ scores }) => scores));
  const small = largestFirst.filter(({ scores }) => !own.has(scores));
  // The held-out rows come by score, ascending; so do those of a group, but not those of several.
  const rest = small.flatMap(({ scores }) => scores).sort((a, b) => a - b);
  const names = small.flatMap(({ levels }) => (levels === null ? [] : [conditions.describe(levels)]));
  return {
    groups: { conditions: [...conditions.names], members, ...(enough(rest.length) && { rest }) },
    warnings: names.length === 0 ? [] : [smallWarning(names, rate, rest.length, enough(rest.length))],
  };
}

function smallWarning(names: readonly string[], rate: number, rows: number, isEnough: boolean): string {
  const needed = Math.ceil(1 / rate) - 1;
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const judged = isEnough
    ? `they are calibrated together, by ${rows} rows`
    : `they are calibrated by all held-out rows, and do not keep the rate by themselves`;
  return (
    `fewer than ${needed} calibration rows, as a rate of ${rate} needs, have ${names.slice(0, MOST_NAMED).join('; ')}${more}: ` +
    `${judged}. Give more rows, or raise --rate`
  );
}
