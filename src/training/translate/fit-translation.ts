import { AristarchError } from '../../base/errors.ts';
import { createRandom, type Random } from '../../base/philox.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { readInputWidths } from '../../graph/onnx/read-inputs.ts';
import type { AnyFamily } from '../../models/families/family.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import { LACKING_CHOICES, type Lacking } from '../../models/radial/lacking.ts';
import type { TranslationPlan } from '../../models/radial/plan.ts';
import { translateRows } from '../../models/radial/translate-rows.ts';
import { classWidthOf, CLASS_INPUT, SOURCE_ROWS_INPUT, tableGraph } from '../../models/radial/translator-graph.ts';
import { fitUnion, type NumberScale, type Union } from '../../models/radial/union.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { packRows, slotReader } from '../fit/rows.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';

/** Rows of one source, in its own columns and units. */
export interface TranslationSource {
  readonly name: string;
  /** The columns that the source has; its classes are no column. */
  readonly schema: FeatureSchema;
  /** Raw rows [n, rowWidth] (schema.ts). */
  readonly rows: NumberArray;
  /** Class of each row, 0 .. classes - 1, which mean the same in all sources; all rows are of one class when absent. */
  readonly classes?: ArrayLike<number>;
}

export interface FitTranslationOptions {
  readonly executor: Executor;
  readonly random: Random;
  /** One that has `planTranslation`. */
  readonly family: AnyFamily;
  /** All of the family's settings. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Two or more, in any order. */
  readonly sources: readonly TranslationSource[];
  /** How many classes there are; 1 when absent. */
  readonly classes?: number;
  readonly numbers: NumberScale;
  readonly stepsPerCall?: number;
  /** Told how training goes; nobody when absent. */
  readonly journal?: Journal;
  /** Name of the round, for the journal. */
  readonly round?: string;
}

/** A trained translation between any two of the sources. */
export interface FittedTranslation {
  readonly plan: TranslationPlan;
  readonly union: Union;
  readonly progress: TaskProgress;
  /** The ONNX file that translates raw rows of one source into those of another; `lacking` is the settings' when absent. */
  translator(from: string, to: string, lacking?: Lacking): Uint8Array;
  /** Raw rows of a source as raw rows of another; the same seed gives the same rows. */
  translate(rows: TranslationSource, to: string, options: { seed: number; lacking?: Lacking }): Promise<NumberArray>;
}

const ROUND = 'translation';
/** Rows that the table is made of at a time. */
const ROWS_PER_CALL = 8192;

/**
 * Trains encoders, decoders and critics of all sources. Throws `INVALID_INPUT` for sources that cannot be trained on,
 * `SCHEMA_MISMATCH` where a column has different kinds of values in two of them, `TRAINING_DIVERGED`, and what the journal throws.
 */
export async function fitTranslation(options: FitTranslationOptions): Promise<FittedTranslation> {
  const { executor, random, family, values, classes = 1, round = ROUND, journal } = options;
  const sources = options.sources.map((source) => inOrderOfClass(source, classes));
  checkSources(options.sources);
  const union = fitUnion(
    sources.map(({ name, schema, rows, order }) => {
      return { name, schema, readSlot: slotReader({ matrix: rows, chosen: order }) };
    }),
    options.numbers,
  );
  const rows = { union, counts: sources.map(({ counts }) => counts) };
  if (!family.planTranslation) throw new AristarchError('INTERNAL', `${family.name} translates nothing`);
  const plan = family.planTranslation(values, rows);
  const { task } = plan;
  const resumeFrom = await journal?.resume(round, task);
  const progress = await runTask({
    ...{ executor, task, random, stepsPerCall: options.stepsPerCall ?? 25 },
    table: await makeTable(executor, union, sources, classes),
    ...(resumeFrom && { resumeFrom }),
    onProgress: async (now) => journal?.progress(round, task, now) ?? 'continue',
  });
  await journal?.finished(round, task, progress);
  const indexOf = (name: string): number => findSource(union, name);
  const fallback = LACKING_CHOICES.find((choice) => choice === values['lacking']) ?? 'neutral';
  const translator = (from: string, to: string, lacking = fallback): Uint8Array =>
    emitGraph(plan.translator(progress, { from: indexOf(from), to: indexOf(to), lacking }));
  return {
    ...{ plan, union, progress, translator },
    translate: (from, to, { seed, lacking }) =>
      translateSource(executor, translator(from.name, to, lacking), from, createRandom(seed)),
  };
}

/** Rows of a source through the translator's file. */
export async function translateSource(
  executor: Executor,
  onnx: Uint8Array,
  { name, rows, classes }: Pick<TranslationSource, 'name' | 'rows' | 'classes'>,
  random: Random,
): Promise<NumberArray> {
  const session = await executor.load(onnx);
  try {
    const noise = random.stream('translate', name);
    return await translateRows({ run: (feeds) => session.run(feeds), widths: readInputWidths(onnx) }, rows, {
      classes,
      noise,
    });
  } finally {
    await session.close();
  }
}

function findSource({ sources }: Union, name: string): number {
  const index = sources.findIndex((source) => source.name === name);
  if (index >= 0) return index;
  const known = sources.map((source) => source.name).join(', ');
  throw new AristarchError('INVALID_INPUT', `there is no source ${name}; there are ${known}`, { name });
}

function checkSources(sources: readonly TranslationSource[]): void {
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message);
  };
  if (sources.length < 2) refuse('translation needs at least two sources');
  const names = sources.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) refuse(`two sources are named ${twice}: give each a name of its own`);
  for (const { name, schema, rows } of sources) {
    if (schema.fields.length === 0) refuse(`the source ${name} has no column`);
    if (rows.shape[1] !== rowWidth(schema))
      refuse(`the rows of ${name} are ${rows.shape[1]} slots wide, not ${rowWidth(schema)}`);
    if ((rows.shape[0] ?? 0) === 0) refuse(`the source ${name} has no rows`);
  }
}

interface OrderedSource extends TranslationSource {
  /** Its rows by class, in their own order within each. */
  readonly order: Uint32Array;
  readonly counts: readonly number[];
}

function inOrderOfClass(source: TranslationSource, classes: number): OrderedSource {
  const { name, rows } = source;
  const count = rows.shape[0] ?? 0;
  const classOf = (row: number): number => source.classes?.[row] ?? 0;
  const counts = new Array<number>(classes).fill(0);
  for (let row = 0; row < count; row++) {
    const own = classOf(row);
    if (counts[own] === undefined) {
      const message = `row ${row} of ${name} has the class ${own}: give whole numbers from 0 to ${classes - 1}`;
      throw new AristarchError('INVALID_INPUT', message, { source: name, row });
    }
    counts[own] += 1;
  }
  const order = Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => classOf(a) - classOf(b) || a - b);
  return { ...source, order, counts };
}

/** The rows of all sources as networks see them, by source and class. */
async function makeTable(
  executor: Executor,
  union: Union,
  sources: readonly OrderedSource[],
  classes: number,
): Promise<NumberArray> {
  const width = union.width + classWidthOf(classes);
  const total = sources.reduce((sum, { order }) => sum + order.length, 0);
  const data = new Float32Array(total * width);
  let at = 0;
  for (const [index, source] of sources.entries()) {
    const session = await executor.compile(tableGraph(union, index, classes));
    try {
      for (let from = 0; from < source.order.length; from += ROWS_PER_CALL) {
        const chosen = source.order.subarray(from, from + ROWS_PER_CALL);
        const feeds = {
          [SOURCE_ROWS_INPUT]: packRows({ matrix: source.rows, chosen }),
          ...(classes > 1 && { [CLASS_INPUT]: classColumn(source.classes, chosen) }),
        };
        data.set((await session.run(feeds))['table']!.data, at);
        at += chosen.length * width;
      }
    } finally {
      await session.close();
    }
  }
  return { data, shape: [total, width] };
}

function classColumn(classes: ArrayLike<number> | undefined, chosen: Uint32Array): NumberArray {
  return { data: Float32Array.from(chosen, (row) => classes?.[row] ?? 0), shape: [chosen.length, 1] };
}
