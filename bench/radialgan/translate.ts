import { createRandom } from '../../src/base/philox.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { radialgan } from '../../src/models/families/radialgan.ts';
import { fitTranslation } from '../../src/training/translate/fit-translation.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import type { Exchange, Source } from './sources.ts';

/** All settings of the family: its default preset with these ones changed. */
export function radialGanValues(changed: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return resolveSettings(radialgan.settings, { flags: {}, env: {}, file: { ...changed } });
}

export interface TranslatorOptions {
  readonly executor: Executor;
  /** All settings of the family. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Classes that are carried along; 1: none. */
  readonly classes: number;
}

/** A RadialGAN that has seen all rows of an exchange but the test rows. */
export interface Translator {
  /** Rows of a source in another one's schema and units; `lacking`: what they get in columns that only the other one has. */
  translate(rows: Source, to: Source, lacking: 'neutral' | 'generate'): Promise<Source>;
}

/** Numbers enter as z-scores of their own source: heavy tails were taken care of when the rows were read. */
export async function trainTranslator({ target, others }: Exchange, options: TranslatorOptions): Promise<Translator> {
  const { executor, values, seed, classes } = options;
  const fitted = await fitTranslation({
    ...{ executor, values, classes, sources: [target, ...others], numbers: 'standard' },
    ...{ random: createRandom(seed), family: radialgan },
  });
  return {
    translate: async (rows, to, lacking) => ({
      ...{ name: to.name, schema: to.schema, classes: rows.classes },
      rows: await fitted.translate(rows, to.name, { seed, lacking }),
    }),
  };
}
