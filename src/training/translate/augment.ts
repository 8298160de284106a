import { AristarchError } from '../../base/errors.ts';
import { createRandom } from '../../base/philox.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import type { Place } from '../../models/radial/places.ts';
import type { Union } from '../../models/radial/union.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import type { TrainConfig } from '../config.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { packRows } from '../fit/rows.ts';
import type { PreparedSource } from './classes.ts';
import { fitTranslation, type FittedTranslation } from './fit-translation.ts';
import type { PreparedSources } from './read-sources.ts';
import { recodeRows, stackRows } from './recode.ts';

/** Normal rows of the other sources, as raw rows of the target's critic. */
export interface Augmenter {
  /**
   * Translated, by a translation that is trained for the round: of the target's normal rows it sees those that are chosen, and
   * of its other rows all, so that rows that are held out stay unseen.
   */
  translated(round: string, chosen: Uint32Array): Promise<NumberArray>;
  /** As they are, columns that a source lacks at the target's mean. */
  readonly pooled: NumberArray;
  /** Rows of the target that are not normal: none where there is no --where. */
  readonly others: NumberArray;
}

export interface AugmenterOptions {
  readonly config: TrainConfig;
  readonly prepared: PreparedSources;
  /** The translation of all rows, which the model exports. */
  readonly fitted: FittedTranslation;
  /** Of the target's critic. */
  readonly schema: FeatureSchema;
  /** Rows that the critic has. */
  readonly rows: number;
  readonly executor: Executor;
  readonly journal: Journal;
}

/** Throws `PRECONDITION_FAILED` where the target's rows did not all fit in memory: then it is not short of them. */
export function createAugmenter(options: AugmenterOptions): Augmenter {
  const { prepared, fitted, schema, rows, config, executor } = options;
  const own = prepared.sources.find(({ name }) => name === prepared.target)!;
  if (own.normals.length !== rows) throw notAllRows(own.normals.length, rows);
  const foreign = prepared.sources.filter((source) => source !== own).map(onlyNormal);
  const width = rowWidth(schema);
  const recode = (table: NumberArray, from: FeatureSchema): NumberArray =>
    recodeRows(table, from, schema, neutralOf(fitted.union, prepared.target, schema));
  const isNormal = new Set(own.normals);
  const others = Uint32Array.from({ length: own.rows.shape[0] ?? 0 }, (_, row) => row).filter(
    (row) => !isNormal.has(row),
  );
  return {
    pooled: stackRows(
      foreign.map((source) => recode(source.rows, source.schema)),
      width,
    ),
    others: recode(packRows({ matrix: own.rows, chosen: others }), own.schema),
    translated: async (round, chosen) => {
      const isWhole = chosen.length === rows;
      const seen = chooseRows(
        own,
        [...others, ...Array.from(chosen, (row) => own.normals[row]!)].sort((a, b) => a - b),
      );
      const sources = prepared.sources.map((source) => (source === own ? seen : source));
      const translation = isWhole ? fitted : await fitRound(options, round, sources);
      const parts: NumberArray[] = [];
      for (const source of foreign) {
        const translated = await translation.translate(source, prepared.target, { seed: config.run.seed });
        parts.push(recode(translated, own.schema));
      }
      return stackRows(parts, width);
    },
  };

  function fitRound(
    { journal }: AugmenterOptions,
    round: string,
    sources: readonly PreparedSource[],
  ): Promise<FittedTranslation> {
    const { family, values, run } = config;
    return fitTranslation({
      ...{ executor, journal, family, values, sources, classes: prepared.classes.length, numbers: run.numbers },
      ...{ random: createRandom(run.seed), round, stepsPerCall: run.stepsPerCall },
    });
  }
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

function notAllRows(normals: number, rows: number): AristarchError {
  const message = `the target has ${normals} normal rows, of which ${rows} fit in memory: it is not short of rows; leave out --augment-training, or raise --memory-budget`;
  return new AristarchError('PRECONDITION_FAILED', message, { normals, rows });
}
