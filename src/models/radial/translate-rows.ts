import { AristarchError } from '../../base/errors.ts';
import type { RandomStream } from '../../base/philox.ts';
import { CLASS_INPUT, NOISE_INPUT, SOURCE_ROWS_INPUT, TRANSLATED_OUTPUT } from './translator-graph.ts';

interface Matrix {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A translator's file, opened: how it is run, and the widths of its inputs (`readInputWidths`). */
export interface OpenTranslator {
  readonly run: (feeds: Readonly<Record<string, Matrix>>) => Promise<Readonly<Record<string, Matrix>>>;
  readonly widths: Readonly<Record<string, number>>;
}

export interface TranslateOptions {
  /** Class of each row; all are of the first when absent. */
  readonly classes?: ArrayLike<number> | undefined;
  /** Draws flags and levels; one stream for each source. */
  readonly noise: RandomStream;
  /** Place of the first row among all that are translated, a multiple of `TRANSLATED_BLOCK`. */
  readonly firstRow?: number;
}

/** Rows of one call: noise is addressed by block, so that a row becomes the same whatever it is translated with. */
export const TRANSLATED_BLOCK = 2048;

/** Raw rows of a source [n, rowWidth] -> raw rows of the target, in order. */
export async function translateRows(
  { run, widths }: OpenTranslator,
  rows: Matrix,
  { classes, noise, firstRow = 0 }: TranslateOptions,
): Promise<Matrix> {
  const [count = 0, width = 0] = rows.shape;
  const parts: Matrix[] = [];
  for (let from = 0; from < count; from += TRANSLATED_BLOCK) {
    const n = Math.min(TRANSLATED_BLOCK, count - from);
    const feeds = {
      [SOURCE_ROWS_INPUT]: { data: rows.data.subarray(from * width, (from + n) * width), shape: [n, width] },
      ...(widths[CLASS_INPUT] !== undefined && {
        [CLASS_INPUT]: {
          data: Float32Array.from({ length: n }, (_, row) => classes?.[from + row] ?? 0),
          shape: [n, 1],
        },
      }),
      ...(widths[NOISE_INPUT] !== undefined && {
        [NOISE_INPUT]: drawNoise(noise, (firstRow + from) / TRANSLATED_BLOCK, n, widths[NOISE_INPUT]),
      }),
    };
    const translated = (await run(feeds))[TRANSLATED_OUTPUT];
    if (translated?.shape[0] !== n)
      throw new AristarchError('ARTEFACT_INVALID', 'a translator answers no row for each row: train the model again');
    parts.push(translated);
  }
  return join(parts);
}

function drawNoise(noise: RandomStream, block: number, count: number, width: number): Matrix {
  const whole = new Float32Array(TRANSLATED_BLOCK * width);
  noise.fillUniform(whole, block);
  return { data: whole.subarray(0, count * width), shape: [count, width] };
}

function join(parts: readonly Matrix[]): Matrix {
  const width = parts[0]?.shape[1] ?? 0;
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [width === 0 ? 0 : data.length / width, width] };
}
