import { z } from 'zod';
import { meanOf } from '../quality/summary.ts';
import { completeRows, createLayout, encode, scaleOf, standardise, type Matrix } from './encode.ts';
import type { Exchange, Source } from './sources.ts';
import { trainTranslator, type TranslatorOptions } from './translate.ts';

/** What terms of the loss do: the same model with and without them. */
const MODELS = {
  untrained: { translationSteps: 0 },
  default: {},
  'no identity penalty': { identityWeight: 0 },
  'no identity penalty, no cycles': { identityWeight: 0, cycleWeight: 0, latentCycleWeight: 0 },
} as const;
const MODEL_NAMES = Object.keys(MODELS) as (keyof typeof MODELS)[];

export const movementSchema = z.object({
  model: z.enum(MODEL_NAMES),
  /** Of translated rows from where they were. */
  moved: z.number(),
  /** Of rows that were translated there and back. */
  roundTrip: z.number(),
});
/**
 * Root mean square distances over the numbers that both sources have, each in standard deviations of the source that the row is in at
 * the time; mean over the sources.
 */
export type Movement = z.infer<typeof movementSchema>;

export async function measureMechanics(exchange: Exchange, options: TranslatorOptions): Promise<Movement[]> {
  const movements: Movement[] = [];
  for (const model of MODEL_NAMES) {
    const translator = await trainTranslator(exchange, { ...options, values: { ...options.values, ...MODELS[model] } });
    const [moved, roundTrip]: number[][] = [[], []];
    for (const source of exchange.others) {
      const from = completeRows(source, source);
      const there = await translator.translate(from, exchange.target, 'generate');
      const back = await translator.translate(there, source, 'generate');
      const { before, after, returned } = commonNumbers({ from, there, back }, exchange.target);
      moved!.push(distance(before, after));
      roundTrip!.push(distance(before, returned));
    }
    movements.push({ model, moved: meanOf(moved!), roundTrip: meanOf(roundTrip!) });
  }
  return movements;
}

/** Of rows at home, at the target and at home again: the numbers that both have, as z-scores of where they are. */
function commonNumbers(rows: { readonly from: Source; readonly there: Source; readonly back: Source }, target: Source) {
  const { from, there, back } = rows;
  const layout = createLayout([from, target]);
  const scoresOf = (source: Source, home: Source) => {
    const scale = scaleOf(layout, [encode(layout, completeRows(home, home))]);
    return standardise(layout, encode(layout, source), scale);
  };
  const [before, after, returned] = [scoresOf(from, from), scoresOf(there, target), scoresOf(back, from)];
  const common = layout.places.flatMap((place, at) => (place.isNumber && before.has[at] && after.has[at] ? [at] : []));
  const pick = ({ rows: all }: { readonly rows: Matrix }): Matrix => all.map((row) => common.map((at) => row[at]!));
  return { before: pick(before), after: pick(after), returned: pick(returned) };
}

function distance(a: Matrix, b: Matrix): number {
  const squares = a.flatMap((row, index) => row.map((value, at) => (value - b[index]![at]!) ** 2));
  return Math.sqrt(meanOf(squares));
}
