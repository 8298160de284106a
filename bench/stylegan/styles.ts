import { resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRandom } from '../../src/base/philox.ts';
import { drawGrid } from '../../src/models/images/grid.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { writeImages } from '../../src/scoring/sample-images.ts';
import type { Sampler, SampleOptions } from '../../src/scoring/sampler.ts';
import type { PhaseHook } from '../../src/training/images/fit-game.ts';
import { makePhase } from '../../src/training/images/phase-pictures.ts';
import { DOCS } from '../support/documents.ts';
import { DIGITS } from './sets.ts';
import { keyOf, trainStyleGan, type BenchOptions } from './train.ts';

const SIZE = 32;
/** A generator that is told which digit to make, of a few minutes: its pictures show what can be asked for, not how good images become. */
export const STYLED = {
  ...{ imageSize: SIZE, growFrom: 4, phaseImages: 8000, lastImages: 64_000, lastParts: 2, condition: ['digit'] },
  ...{ steps: 20, withoutNegatives: ['rot'], calibrationShare: 0.05, crossBelow: 0, seed: 1 },
} as const;
export const TRUNCATIONS = [0, 0.5, 0.7, 1] as const;
const COLUMNS = 10;

export const stylesSchema = z.object({
  /** Images that the own critic was shown. */
  seen: z.number(),
  /** Of CPU, by all processes that trained. */
  seconds: z.number(),
  /** Folder of the model. */
  model: z.string(),
  /** The generator's images at the end of each size, as raw rows of 32 x 32, in base64: ten of each. */
  grown: z.array(z.object({ size: z.number(), rows: z.string() })),
});
export type Styles = z.infer<typeof stylesSchema>;

export async function trainStyles({ timeBudget }: Pick<BenchOptions, 'timeBudget'>): Promise<Styles> {
  let seen = 0;
  const grown = new Map<number, string>();
  const onPhase: PhaseHook = async ({ phase, task, progress }, plan, executor) => {
    seen += Math.round((phase.images * progress.stepsDone) / task.steps);
    const { size } = phase;
    const weights = progress.state;
    const rows = await makePhase({ executor, plan, channels: 1, size, weights, random: createRandom(1) });
    const line = enlargeRows(rows.subarray(0, COLUMNS * size ** 2), size);
    // Phases of a size come one after the other: the last one stays.
    grown.set(size, Buffer.from(Uint8Array.from(line, Math.round)).toString('base64'));
  };
  const { model, seconds } = await trainStyleGan({
    ...{ name: keyOf('styles', STYLED).replace('/', '-'), data: DIGITS, settings: { ...STYLED, timeBudget }, onPhase },
  });
  return { seen, seconds, model, grown: [...grown].map(([size, rows]) => ({ size, rows })) };
}

/** Rows of a smaller size at the full one, each pixel repeated. */
function enlargeRows(rows: Float32Array, size: number): Float32Array {
  const factor = SIZE / size;
  return Float32Array.from({ length: rows.length * factor ** 2 }, (_, at) => {
    const [image, pixel] = [Math.floor(at / SIZE ** 2), at % SIZE ** 2];
    const [row, column] = [Math.floor(pixel / SIZE / factor), Math.floor((pixel % SIZE) / factor)];
    return rows[image * size ** 2 + row * size + column]!;
  });
}

/** docs/images/stylegan-{phases,truncation,labels,mix-middle}.png */
export async function drawStyles({ model, grown }: Styles): Promise<void> {
  const sampler = await openSampler(model, { device: 'cpu' });
  const write = (name: string, lines: readonly Float32Array[]) =>
    writeFileAtomic(
      pathOf(name),
      drawGrid(joinRows(lines), { channels: 1, size: SIZE }, { columns: COLUMNS, scale: 2 }),
    );
  await write(
    'phases',
    grown.map(({ rows }) => Float32Array.from(Buffer.from(rows, 'base64'))),
  );
  const lineOf = async (options: Omit<SampleOptions, 'seed'>): Promise<Float32Array> =>
    joinRows(await collect(sampler, { seed: 1, ...options }));
  const inTurn = async <T>(of: readonly T[], make: (each: T) => Promise<Float32Array>): Promise<Float32Array[]> => {
    const made: Float32Array[] = [];
    for (const each of of) made.push(await make(each));
    return made;
  };
  await write('truncation', await inTurn(TRUNCATIONS, (truncation) => lineOf({ truncation })));
  const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
  await write('labels', await inTurn(digits, (digit) => lineOf({ condition: { digit } })));
  await writeImages(sampler, {
    ...{ out: pathOf('mix-middle'), seed: 1, count: undefined, mix: 'middle', interpolate: false },
    ...{ memoryLimit: '1GB', onImages: () => undefined },
  });
  await sampler.close();
}

const pathOf = (name: string): string => resolve(DOCS, `images/stylegan-${name}.png`);

async function collect(sampler: Sampler, options: SampleOptions): Promise<Float32Array[]> {
  const parts: Float32Array[] = [];
  for await (const rows of sampler.sample(COLUMNS, options)) parts.push(rows);
  return parts;
}

function joinRows(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}
