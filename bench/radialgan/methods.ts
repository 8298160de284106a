import { poolRows, ridgeAndAlign } from './controls.ts';
import type { Matrix } from './encode.ts';
import { prepareExchange, type Prepared } from './prepare.ts';
import type { Exchange, Source } from './sources.ts';
import { trainTranslator, type Translator, type TranslatorOptions } from './translate.ts';

/** What is added to the target's own rows. */
export const METHODS = {
  own: 'own rows only',
  pool: 'plain pooling; each source in its own z-scores',
  'pool-units': 'plain pooling; in the units of the data',
  ridge: 'ridge and align, no GAN',
  untrained: 'RadialGAN, untrained',
  radialgan: '**RadialGAN**',
  'radialgan-generate': 'RadialGAN, lacking columns generated',
} as const satisfies Record<string, string>;
export type Method = keyof typeof METHODS;
export const METHOD_NAMES = Object.keys(METHODS) as Method[];

/** Rows to train a judge on, the target's own ones first, and to test it with: the target's columns only. */
export interface TrainTestRows {
  readonly train: Matrix;
  /** Of the training rows. */
  readonly classes: readonly number[];
  readonly test: Matrix;
}

/** The rows of every method, from one exchange. */
export async function augmentByAll(
  exchange: Exchange,
  options: TranslatorOptions,
): Promise<Record<Method, TrainTestRows>> {
  const own = prepareExchange(exchange, 'source');
  const together = prepareExchange(exchange, 'together');
  const untrained = await trainTranslator(exchange, { ...options, values: { ...options.values, translationSteps: 0 } });
  const trained = await trainTranslator(exchange, options);
  const translated = async (by: Translator, lacking: 'neutral' | 'generate'): Promise<Matrix> => {
    const rows: Source[] = [];
    for (const other of exchange.others) rows.push(await by.translate(other, exchange.target, lacking));
    return rows.flatMap(own.toMatrix);
  };
  return {
    own: augment(own, []),
    pool: augment(own, poolRows(own)),
    'pool-units': augment(together, poolRows(together)),
    ridge: augment(own, ridgeAndAlign(own)),
    untrained: augment(own, await translated(untrained, 'neutral')),
    radialgan: augment(own, await translated(trained, 'neutral')),
    'radialgan-generate': augment(own, await translated(trained, 'generate')),
  };
}

function augment({ target, others, test }: Prepared, added: Matrix): TrainTestRows {
  const ofTarget = (rows: Matrix): Matrix => rows.map((row) => row.filter((_, place) => target.has[place]));
  const classes = others.flatMap((other) => Array.from(other.classes));
  return {
    train: ofTarget([...target.rows, ...added]),
    classes: [...Array.from(target.classes), ...classes.slice(0, added.length)],
    test: ofTarget(test),
  };
}
