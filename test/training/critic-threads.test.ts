import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { imageCritic } from '../../src/models/families/image-critic.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import type { Journal } from '../../src/training/fit/fit-critics.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { fitImages, type FitImagesOptions } from '../../src/training/images/fit-images.ts';
import { createCriticThreads, type CriticThreads } from '../../src/training/images/thread/critic-threads.ts';
import { partPixels } from '../support/parts.ts';

const [COUNT, SEED] = [30, 5];
const image = { channels: 1, size: 16 };
const rows = Float32Array.from(Array.from({ length: COUNT }, (_, seed) => [...partPixels(seed)]).flat());
const values = resolveSettings(imageCritic.settings, { flags: {}, env: {}, file: { steps: 40, imageSize: 16 } });
const split = splitRows(COUNT, createRandom(SEED), { crossBelow: 100, folds: 3, heldOutShare: 0.2, mostHeldOut: 100 });

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

const opened: CriticThreads[] = [];
afterEach(() => Promise.all(opened.splice(0).map((threads) => threads.close())));
function start(count: number): CriticThreads {
  const threads = createCriticThreads({ family: imageCritic.name, values, image, seed: SEED, threads: 1 }, count);
  opened.push(threads);
  return threads;
}

const unheard: Journal = {
  resume: () => Promise.resolve(undefined),
  progress: () => Promise.resolve('continue'),
  finished: () => Promise.resolve(),
};

function fit(more: Partial<FitImagesOptions>): ReturnType<typeof fitImages> {
  const options = { executor, family: imageCritic, values, image, rows, random: createRandom(SEED), journal: unheard };
  return fitImages({ ...options, stepsPerCall: 10, foldSteps: 0.5, ...more }, split);
}

describe('critics of images that are trained in threads', () => {
  it('have learnt, and score what was held out, to the byte as one after the other', async () => {
    const here = await fit({});
    const there = await fit({ threads: start(2) });
    expect(there.critic.weights).toEqual(here.critic.weights);
    expect(there.critic.progress.history).toEqual(here.critic.progress.history);
    expect(there.heldOut).toEqual(here.heldOut);
    expect(new Set(there.heldOut.map(({ row }) => row)).size).toBe(COUNT);
  }, 120_000);

  it('are trained at the same time, and all end where one ends the run', async () => {
    const heard: string[] = [];
    let fail = (): void => undefined;
    const failed = new Promise<void>((resolve) => (fail = resolve));
    const progress: Journal['progress'] = async (round, _, { stepsDone }) => {
      heard.push(`${round} ${stepsDone}`);
      if (round === 'fold-1') {
        setImmediate(fail);
        throw new Error('no room for a checkpoint');
      }
      // Told to go on only when the other one has failed: one after the other would wait here for ever.
      await failed;
      return 'continue';
    };
    const journal = { ...unheard, progress };
    await expect(fit({ journal, threads: start(2) })).rejects.toThrow('no room for a checkpoint');
    expect(heard.toSorted()).toEqual(['final 10', 'fold-1 10']);
  }, 120_000);

  it('say what to do where a thread is lost', async () => {
    const threads = start(2);
    const progress: Journal['progress'] = async () => {
      await threads.close();
      return 'continue';
    };
    const lost = fit({ journal: { ...unheard, progress }, threads });
    await expect(lost).rejects.toThrow(/a thread that trains a critic was lost .*--resume/);
  }, 120_000);
});
