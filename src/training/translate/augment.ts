import { createRandom } from '../../base/philox.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import type { Place } from '../../models/radial/places.ts';
import { fitUnion, type Union } from '../../models/radial/union.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import type { TrainConfig } from '../config.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { packRows, slotReader } from '../fit/rows.ts';
import type { PreparedSource } from './classes.ts';
import { fitTranslation, type FittedTranslation } from './fit-translation.ts';
import type { PreparedSources } from './read-sources.ts';
import { recodeRows, stackRows } from './recode.ts';
import { writeLevels } from './write-levels.ts';

/** Rows of the target that a round may see: by their place among the critic's rows, and among those that --where leaves out. */
export interface SeenRows {
  readonly normals: Uint32Array;
  readonly others: Uint32Array;
}

/** Normal rows of the other sources, as raw rows of the target's critic, each with the conditions of its own. */
export interface Augmenter {
  /** Translated, by a translation that is trained for the round and has seen no other rows of the target. */
  translated(round: string, seen: SeenRows): Promise<NumberArray>;
  /** As they are; columns that a source lacks are at the mean of the rows that were seen. */
  pooled(seen: SeenRows): NumberArray;
  /** Rows of the target that are not normal: none where there is no --where. */
  readonly others: NumberArray;
}

export interface AugmenterOptions {
  readonly config: Pick<TrainConfig, 'family' | 'values' | 'run'>;
  readonly prepared: PreparedSources;
  /** The translation of all rows, which the model exports. */
  readonly fitted: FittedTranslation;
  /** Of the target's critic. */
  readonly schema: FeatureSchema;
  readonly executor: Executor;
  readonly journal?: Journal;
}

/** The target's normal rows must be those that the critic has (`hasAllNormals`). */
export function createAugmenter(options: AugmenterOptions): Augmenter {
  const { prepared, fitted, schema, config } = options;
  const own = ownOf(prepared);
  const foreign = prepared.sources.filter((source) => source !== own).map(onlyNormal);
  const width = rowWidth(schema);
  const others = othersOf(own);
  const toCritic = (
    { rows, classes }: Pick<PreparedSource, 'rows' | 'classes'>,
    from: FeatureSchema,
    lacking: (slot: number) => number = () => NaN,
  ): NumberArray => writeLevels(recodeRows(rows, from, schema, lacking), schema, classes, prepared);
  return {
    pooled: (seen) => {
      const neutral = neutralOf(unionOf(options, seen), prepared.target, schema);
      return stackRows(
        foreign.map((source) => toCritic(source, source.schema, neutral)),
        width,
      );
    },
    others: toCritic(chooseRows(own, others), own.schema),
    translated: async (round, seen) => {
      const isWhole = seen.normals.length === own.normals.length && seen.others.length === others.length;
      const translation = isWhole ? fitted : await fitRound(options, round, seen);
      const parts: NumberArray[] = [];
      for (const source of foreign) {
        const rows = await translation.translate(source, prepared.target, { seed: config.run.seed });
        parts.push(toCritic({ rows, classes: source.classes }, own.schema));
      }
      return stackRows(parts, width);
    },
  };
}

/** The translation of a round, which of the target has seen these rows alone. */
export function fitRound(
  { config: { family, values, run }, prepared, executor, journal }: Omit<AugmenterOptions, 'fitted'>,
  round: string,
  seen: SeenRows,
): Promise<FittedTranslation> {
  return fitTranslation({
    ...{
      executor,
      family,
      values,
      classes: prepared.classes.length,
      numbers: run.numbers,
      ...(journal && { journal }),
    },
    ...{ sources: withSeen(prepared, seen), random: createRandom(run.seed), round, stepsPerCall: run.stepsPerCall },
  });
}

/** Whether the critic's rows, so many, are all the target's normal rows: not where they did not all fit in memory. */
export const hasAllNormals = (prepared: PreparedSources, rows: number): boolean =>
  ownOf(prepared).normals.length === rows;

const ownOf = ({ sources, target }: PreparedSources): PreparedSource => sources.find(({ name }) => name === target)!;

function othersOf({ rows, normals }: PreparedSource): number[] {
  const isNormal = new Set(normals);
  return Array.from({ length: rows.shape[0] ?? 0 }, (_, row) => row).filter((row) => !isNormal.has(row));
}

/** The sources, of the target the rows that are seen, in their own order. */
function withSeen(prepared: PreparedSources, { normals, others }: SeenRows): PreparedSource[] {
  const own = ownOf(prepared);
  const left = othersOf(own);
  const rows = [...Array.from(normals, (row) => own.normals[row]!), ...Array.from(others, (row) => left[row]!)];
  const seen = chooseRows(
    own,
    rows.sort((a, b) => a - b),
  );
  return prepared.sources.map((source) => (source === own ? seen : source));
}

function unionOf({ config, prepared }: AugmenterOptions, seen: SeenRows): Union {
  const sources = withSeen(prepared, seen).map(({ name, schema, rows, classes }) => {
    return { name, schema, readSlot: slotReader({ matrix: rows, chosen: Uint32Array.from(classes.keys()) }) };
  });
  return fitUnion(sources, config.run.numbers);
}

function chooseRows(source: PreparedSource, rows: readonly number[]): PreparedSource {
  const chosen = Uint32Array.from(rows);
  const classes = Uint32Array.from(rows, (row) => source.classes[row]!);
  return { ...source, rows: packRows({ matrix: source.rows, chosen }), classes };
}

const onlyNormal = (source: PreparedSource): PreparedSource => chooseRows(source, [...source.normals]);

/** By slot of the critic's rows: the target's mean or most frequent level. */
function neutralOf({ sources, ...union }: Union, target: string, schema: FeatureSchema): (slot: number) => number {
  const at = sources.findIndex(({ name }) => name === target);
  const own = sources[at]!.schema;
  const neutrals = new Map<number, number>();
  for (const { places } of [...union.numbers, ...union.cycles, ...union.flags, ...union.categories]) {
    const place: Place | null = places[at] ?? null;
    if (place) neutrals.set(place.slot, place.neutral);
  }
  const filled = Float32Array.from({ length: rowWidth(own) }, (_, slot) => neutrals.get(slot) ?? NaN);
  const row = recodeRows({ data: filled, shape: [1, filled.length] }, own, schema, () => NaN);
  return (slot) => row.data[slot]!;
}
