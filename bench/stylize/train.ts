import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { createRandom, scopeRandom } from '../../src/base/philox.ts';
import { drawImage } from '../../src/models/images/grid.ts';
import type { TrainedStylizer } from '../../src/models/stylize/stylizer-graphs.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { STYLIZER_ROUND } from '../../src/training/images/fit-stylizer.ts';
import { planImageRun } from '../../src/training/images/plan-images.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import { initialState } from '../../src/training/steps/state.ts';
import { drawPatterns, drawScenes, type PatternKind } from './pictures.ts';

/** Pictures of each set that train, a square of so many pixels. */
export interface TrainingSets {
  readonly size: number;
  readonly scenes: number;
  readonly kinds: readonly PatternKind[];
  readonly patternsOfKind: number;
}

/** Files of pictures below a folder: contents/, styles/. */
export async function writePictures(
  folder: string,
  { size, scenes, kinds, patternsOfKind }: TrainingSets,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const write = async (name: string, rows: Float32Array): Promise<void> => {
    const width = 3 * size ** 2;
    await mkdir(join(folder, name), { recursive: true });
    for (let at = 0; at < rows.length / width; at++) {
      const file = join(folder, name, `${String(at).padStart(4, '0')}.png`);
      await writeFile(file, drawImage(rows.subarray(at * width, (at + 1) * width), { channels: 3, size }));
    }
  };
  await write('contents', drawScenes({ size, count: scenes, from: 0 }));
  for (const kind of kinds) await write(`styles/${kind}`, drawPatterns(kind, { size, count: patternsOfKind, from: 0 }));
}

export interface TrainedBench {
  /** CPU seconds of reading, critic and decoder, and of the decoder alone. */
  readonly seconds: number;
  readonly decoderSeconds: number;
}

/** The settings of the run, as a configuration file of `train` has them. */
export const settingsOf = (folder: string, { size, kinds }: TrainingSets, more: Readonly<Record<string, unknown>>) => ({
  ...{ imageColumn: 'image', criticOnly: true, data: [join(folder, 'contents')], imageSize: size, stylizer: true },
  ...{ styleData: kinds.map((kind) => join(folder, 'styles', kind)), out: join(folder, 'model'), replace: true },
  ...{ device: 'cpu', crossBelow: 0, seed: 1, ...more },
});

/** Trains critic and decoder as `train --stylizer` does. */
export async function trainBench(settings: ReturnType<typeof settingsOf>): Promise<TrainedBench> {
  const config = resolveImageConfig({ flags: {}, env: {}, file: settings })!;
  const cpuSeconds = (): number => process.cpuUsage().user / 1e6;
  const startedAt = cpuSeconds();
  let [said, decoderAt] = [0, NaN];
  await trainImages(config, {
    ...{ note: console.error, warn: console.error, signal: new AbortController().signal, now: () => new Date() },
    onUpdates: (done, total, remark) => {
      if (Number.isNaN(decoderAt) && remark.includes(`(${STYLIZER_ROUND})`)) decoderAt = cpuSeconds();
      if (done - said < total / 20 && done < total) return;
      said = done;
      console.error(`${done} of ${total} updates, ${remark}`);
    },
    seconds: () => performance.now() / 1000,
    peakBytes,
  });
  return { seconds: cpuSeconds() - startedAt, decoderSeconds: cpuSeconds() - decoderAt };
}

/** The same encoder with the decoder as it was before training. */
export async function untrainedOf(
  trained: TrainedStylizer,
  settings: ReturnType<typeof settingsOf>,
): Promise<TrainedStylizer> {
  const config = resolveImageConfig({ flags: {}, env: {}, file: settings })!;
  const { stylizer } = await planImageRun(config);
  const start = initialState(stylizer!.task, scopeRandom(createRandom(config.run.seed), STYLIZER_ROUND));
  const decoder = Object.entries(start).filter(([name]) => name.includes('.decoder.'));
  return { ...trained, weights: { ...trained.weights, ...Object.fromEntries(decoder) } };
}
