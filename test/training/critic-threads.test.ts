import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { imageCritic } from '../../src/models/families/image-critic.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { openCheckpoint } from '../../src/training/checkpoint.ts';
import type { Journal } from '../../src/training/fit/fit-critics.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { criticsAtOnce, threadUse, type Room } from '../../src/training/images/critics-at-once.ts';
import { fitImages, type FitImagesOptions } from '../../src/training/images/fit-images.ts';
import { createCriticThreads, type CriticThreads } from '../../src/training/images/thread/critic-threads.ts';
import { createDrawAhead, inAdvance } from '../../src/training/images/thread/draw-ahead.ts';
import { createJournal, outlineOf } from '../../src/training/journal.ts';
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
  save: () => Promise.resolve(),
};

function fit(more: Partial<FitImagesOptions>): ReturnType<typeof fitImages> {
  const options = { executor, family: imageCritic, values, image, rows, random: createRandom(SEED), journal: unheard };
  return fitImages({ ...options, stepsPerCall: 10, foldSteps: 0.5, isMirrored: false, ...more }, split);
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

  it('are trained at the same time, and all end where one ends the run, and are kept as they are', async () => {
    const heard: string[] = [];
    const saved: string[] = [];
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
    const save: Journal['save'] = (round, _, { stepsDone }) => {
      saved.push(`${round} ${stepsDone}`);
      return Promise.reject(new Error('none for this one either'));
    };
    const journal = { ...unheard, progress, save };
    await expect(fit({ journal, threads: start(2) })).rejects.toThrow('no room for a checkpoint');
    expect(saved).toEqual(['final 10']);
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

  it('go on where they stood when the run was stopped, to the same bytes', async () => {
    const at = join(await mkdtemp(join(tmpdir(), 'aristarch-threads-')), 'run');
    const stop = new AbortController();
    const journalOf = async (resume: boolean, signal: AbortSignal): Promise<Journal> => {
      const task = imageCritic.plan(values, { ...image, count: 1, values: rows.subarray(0, image.size ** 2) }, 1);
      const rounds = ['fold-1', 'fold-2', 'fold-3', 'final'].map((name) => ({ name, plans: [task] }));
      return createJournal({
        ...{ outline: outlineOf([{ atOnce: 2, rounds }]), signal, timeBudgetSeconds: undefined },
        checkpoint: await openCheckpoint(at, {}, { resume, warn: () => undefined }),
        ...{ secondsBetweenCheckpoints: 60, now: () => 0 },
        ...{ onRollback: () => undefined, onCut: () => undefined },
        onUpdates: (done) => done >= 50 && stop.abort(),
      });
    };
    try {
      const whole = await fit({});
      await expect(fit({ journal: await journalOf(false, stop.signal), threads: start(2) })).rejects.toThrow(
        'with --resume goes on',
      );
      const resumed = await fit({ journal: await journalOf(true, new AbortController().signal), threads: start(2) });
      expect(resumed.critic.weights).toEqual(whole.critic.weights);
      expect(resumed.critic.progress.history).toEqual(whole.critic.progress.history);
      expect(resumed.heldOut).toEqual(whole.heldOut);
    } finally {
      await rm(dirname(at), { recursive: true, force: true });
    }
  }, 240_000);

  it('that cannot be started say what to do', async () => {
    const begin = (): never => {
      throw new Error('ERR_WORKER_INIT_FAILED');
    };
    const run = { family: imageCritic.name, values, image, seed: SEED, threads: 1 };
    const threads = createCriticThreads(run, 2, begin);
    await expect(fit({ threads })).rejects.toThrow(/no thread can be started .*ERR_WORKER_INIT_FAILED.*--threads \d+/);
  });
});

describe('critics of images whose draws are made ahead in a thread', () => {
  const run = { family: imageCritic.name, values, image, seed: SEED, threads: 1 };
  const ahead = (): CriticThreads => {
    const threads = createDrawAhead(run);
    opened.push(threads);
    return threads;
  };

  it('have learnt, and score what was held out, to the byte as where they draw for themselves', async () => {
    const here = await fit({ stepsPerCall: 7 });
    const there = await fit({ stepsPerCall: 7, threads: ahead() });
    expect(there.critic.weights).toEqual(here.critic.weights);
    expect(there.critic.progress.history).toEqual(here.critic.progress.history);
    expect(there.heldOut).toEqual(here.heldOut);
  }, 120_000);

  it('say what to do where the thread is lost, and where it cannot be started', async () => {
    const threads = ahead();
    const progress: Journal['progress'] = async () => {
      await threads.close();
      return 'continue';
    };
    const lost = fit({ journal: { ...unheard, progress }, threads });
    await expect(lost).rejects.toThrow(/a thread that trains a critic was lost .*--resume/);
    const begin = (): never => {
      throw new Error('ERR_WORKER_INIT_FAILED');
    };
    expect(() => createDrawAhead(run, begin)).toThrow(/no thread can be started .*ERR_WORKER_INIT_FAILED/);
  }, 120_000);

  it('are asked for one part early, to the last step, and anew where another part is needed', async () => {
    const asked: string[] = [];
    const draw = inAdvance((...part) => {
      asked.push(part.join(' '));
      return Promise.resolve({ part: { data: Float32Array.from(part), shape: [part.length] } });
    }, 25);
    const drawn = async (...part: Parameters<typeof draw>) => [...(await draw(...part))['part']!.data];
    expect(await drawn(0, 10, 1)).toEqual([0, 10, 1]);
    expect(asked).toEqual(['0 10 1', '10 10 1']);
    // The rate is halved, as after a divergence, and so is asked for anew.
    expect(await drawn(10, 10, 0.5)).toEqual([10, 10, 0.5]);
    expect(await drawn(20, 5, 0.5)).toEqual([20, 5, 0.5]);
    expect(asked).toEqual(['0 10 1', '10 10 1', '10 10 0.5', '20 5 0.5']);
  });
});

describe('as many critics at once', () => {
  const plan = {
    images: { rows: new Float32Array(2 ** 20) },
    split,
    critic: imageCritic.plan(values, { ...image, count: 1, values: rows.subarray(0, image.size ** 2) }, 1),
    detectorSteps: 2000,
  } as unknown as Parameters<typeof criticsAtOnce>[1];
  const wide = { ...image, size: 512 };
  const large = imageCritic.plan({ ...values, imageSize: 512 }, { ...wide, count: 0, values: new Float32Array(0) }, 1);
  const room: Room = { device: 'cpu', cores: 16, freeBytes: 2 ** 36 };
  const count = (more: Partial<Room>, run = { threads: 1, stepsPerCall: 25 }, of = plan): number =>
    criticsAtOnce({ run } as Parameters<typeof criticsAtOnce>[0], of, { ...room, ...more });

  it('as there are folds and a final one, with a core each', () => {
    expect([count({}), count({ cores: 2 }), count({ cores: 1 }), count({ cores: 0.5 })]).toEqual([4, 2, 1, 1]);
    expect(count({ cores: 4 }, { threads: 2, stepsPerCall: 25 })).toBe(2);
  });

  it('as half of the free memory holds, of a machine or of a container', () => {
    const sizes = [2 ** 36, 2 ** 28, 2 ** 26, 2 ** 20].map((freeBytes) => count({ freeBytes }));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect([sizes[0], sizes.at(-1)]).toEqual([4, 1]);
    expect(count({ freeBytes: 2 ** 28 }, undefined, { ...plan, critic: large })).toBe(1);
  });

  it('as one, whose draws are made ahead where a core and memory are left for that', () => {
    const whole = { ...split, rounds: [{ ...split.rounds[0]!, train: null }] };
    const use = (more: Partial<Room>, of: object = {}, threads = 1) => {
      const config = { run: { threads, stepsPerCall: 25 } } as Parameters<typeof threadUse>[0];
      return threadUse(config, { ...plan, split: whole, ...of }, { ...room, ...more });
    };
    expect(use({})).toEqual({ atOnce: 1, drawsAhead: true });
    const without = [
      use({ cores: 1 }),
      use({ cores: 2 }, {}, 2),
      use({ device: 'webgpu' }),
      use({ freeBytes: 2 ** 22 }),
      use({}, { detectorSteps: 999 }),
    ];
    expect(without.map(({ drawsAhead }) => drawsAhead)).toEqual(without.map(() => false));
    expect(use({}, { split })).toEqual({ atOnce: 4, drawsAhead: false });
  });

  it('as one, on another device or where a thread would take longer to start than it saves', () => {
    expect([count({ device: 'webgpu' }), count({}, undefined, { ...plan, detectorSteps: 999 })]).toEqual([1, 1]);
  });
});
