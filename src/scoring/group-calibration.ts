import { AristarchError } from '../base/errors.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { conditionGroups, REST_GROUP, type ConditionGroups } from '../models/features/condition-groups.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { createCalibration, type Calibration } from './calibration.ts';

/** What the rows of one group are judged by. */
export interface CalibratedGroup {
  /** For people: `protocol = tcp`; `REST_GROUP` for the rows of no group of their own. */
  readonly name: string;
  readonly calibration: Calibration;
}

/** Which group each row of a call belongs to; the thresholds are those of the call's rate. */
export interface RowGroups {
  /** Place of each row's group in `names` and `thresholds`. */
  readonly of: Uint16Array;
  readonly names: readonly string[];
  readonly thresholds: Float64Array;
}

/** The group of a row, by name, and its threshold. */
export function groupOfRow({ of, names, thresholds }: RowGroups, row: number): { group: string; threshold: number } {
  const group = of[row]!;
  return { group: names[group]!, threshold: thresholds[group]! };
}

/**
 * What a watch on drift looks at, one value a row: the score; where rows are grouped, how high it is within its group (the
 * p-value, negated), so that another mix of conditions alone is no drift of what is normal for each.
 */
export function watchedScores({ scores, pValues, groups }: WatchedBatch): Float32Array {
  return groups === undefined ? scores : Float32Array.from(pValues, (pValue) => -pValue);
}

interface WatchedBatch {
  readonly scores: Float32Array;
  readonly pValues: Float64Array;
  readonly groups?: RowGroups | undefined;
}

/** Rows judged at a rate. */
export interface Judgement {
  readonly pValues: Float64Array;
  readonly verdicts: Uint8Array;
  /** The threshold of ungrouped rows; where there are groups, that of all held-out rows together, and only for the eye. */
  readonly threshold: number;
  readonly groups?: RowGroups;
}

/**
 * Label-conditional conformal prediction (Vovk, Gammerman and Shafer 2005, section 4.5, "Mondrian"): where the model has
 * conditions with levels, the rows of each combination of levels are judged by held-out rows of the same combination, so
 * that each keeps the false-positive rate by itself. Combinations that had too few held-out rows, and levels that training never
 * saw, are judged together by the held-out rows of no group, or by all held-out rows where those are too few as well.
 */
export interface RowCalibration {
  /** All held-out rows together. */
  readonly pooled: Calibration;
  /** Empty where rows are not grouped; the last one is the rest. */
  readonly groups: readonly CalibratedGroup[];
  /** The smallest rate that every group can promise. */
  readonly smallestRate: number;
  /** The threshold of `pooled`; throws `INVALID_INPUT`, and `RATE_UNSUPPORTED` where a group cannot promise the rate. */
  readonly thresholdAt: (rate: number) => number;
  /** `rows`: raw rows, packed, one for each score. Throws what `thresholdAt` throws. */
  readonly judge: (rows: Float32Array, scores: Float32Array, rate: number) => Judgement;
  /** p-value of each row. */
  readonly pValuesOf: (rows: Float32Array, scores: Float32Array) => Float64Array;
}

/** Throws `ARTEFACT_INVALID` where the manifest's groups are not those of its fields. */
export function createRowCalibration(manifest: Pick<Manifest, 'calibration' | 'features'>): RowCalibration {
  const pooled = createCalibration(manifest.calibration.scores);
  const grouped = manifest.calibration.groups && readGroups(manifest.calibration.groups, manifest.features, pooled);
  const groups = grouped?.groups ?? [];
  const smallestRate = Math.max(pooled.smallestRate, ...groups.map(({ calibration }) => calibration.smallestRate));
  const thresholdAt = (rate: number): number => {
    // The smallest group first: the words of `pooled` would name a rate that a group cannot promise.
    const narrow = groups.find(({ calibration }) => rate > 0 && rate < calibration.smallestRate);
    if (narrow) throw unsupported(narrow.name, rate, narrow.calibration, smallestRate);
    return pooled.thresholdAt(rate);
  };
  const calibrationOf = (of: Uint16Array | undefined, row: number): Calibration =>
    of === undefined ? pooled : groups[of[row]!]!.calibration;
  // Loops, for speed: `Float64Array.from` with a function costs forty times as much a value.
  const pValues = (of: Uint16Array | undefined, scores: Float32Array): Float64Array => {
    const values = new Float64Array(scores.length);
    for (let row = 0; row < scores.length; row++) values[row] = calibrationOf(of, row).pValueOf(scores[row]!);
    return values;
  };
  return {
    ...{ pooled, groups, smallestRate, thresholdAt },
    pValuesOf: (rows, scores) => pValues(grouped?.groupsOf(rows, scores.length), scores),
    judge: (rows, scores, rate) => {
      const threshold = thresholdAt(rate);
      const of = grouped?.groupsOf(rows, scores.length);
      const thresholds = Float64Array.from(groups, ({ calibration }) => calibration.thresholdAt(rate));
      const verdicts = new Uint8Array(scores.length);
      for (let row = 0; row < scores.length; row++) {
        verdicts[row] = scores[row]! > (of === undefined ? threshold : thresholds[of[row]!]!) ? 1 : 0;
      }
      return {
        ...{ pValues: pValues(of, scores), verdicts, threshold },
        ...(of && { groups: { of, thresholds, names: groups.map(({ name }) => name) } }),
      };
    },
  };
}

interface Grouped {
  readonly groups: readonly CalibratedGroup[];
  readonly groupsOf: (rows: Float32Array, count: number) => Uint16Array;
}

function readGroups(
  { conditions: names, members, rest }: NonNullable<Manifest['calibration']['groups']>,
  schema: FeatureSchema,
  pooled: Calibration,
): Grouped {
  const conditions = conditionGroups(schema);
  if (conditions === null) throw foreignGroups('none of its fields is a condition with levels');
  if (conditions.names.join() !== names.join()) {
    throw foreignGroups(`by ${names.join(', ')}, where its conditions with levels are ${conditions.names.join(', ')}`);
  }
  const keys = members.map(({ levels }) => conditions.keyOfLevels(levels));
  const unknown = keys.indexOf(null);
  if (unknown >= 0) throw foreignGroups(`group ${unknown} has levels that its fields do not have`);
  if (new Set(keys).size < keys.length) throw foreignGroups('one of them stands there twice');
  const groups = [
    ...members.map(({ levels, scores }) => ({
      name: conditions.describe(levels),
      calibration: createCalibration(scores),
    })),
    { name: REST_GROUP, calibration: rest === undefined ? pooled : createCalibration(rest) },
  ];
  const places = new Map(keys.map((key, place) => [key!, place]));
  return { groups, groupsOf: (rows, count) => placesOf(rows, count, conditions, places) };
}

function foreignGroups(what: string): AristarchError {
  return new AristarchError(
    'ARTEFACT_INVALID',
    `the model is calibrated by groups that are not its own: ${what}; train again`,
  );
}

function placesOf(
  rows: Float32Array,
  count: number,
  { keyOf }: ConditionGroups,
  places: ReadonlyMap<string, number>,
): Uint16Array {
  const of = new Uint16Array(count);
  for (let row = 0; row < count; row++) of[row] = places.get(keyOf(rows, row)) ?? places.size;
  return of;
}

function unsupported(group: string, rate: number, { count }: Calibration, smallest: number): AristarchError {
  return new AristarchError(
    'RATE_UNSUPPORTED',
    `a false-positive rate of ${rate} needs ${Math.ceil(1 / rate) - 1} calibration rows in each group, and ${group} has ${count}: ` +
      `ask for at least ${smallest}, or train with more rows`,
    { falsePositiveRate: rate, smallestFalsePositiveRate: smallest, group, calibrationRows: count },
  );
}
