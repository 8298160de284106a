import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { png as pngFormat } from '../../src/models/images/formats/png.ts';
import type { ImageGamePlan } from '../../src/models/images/image-game.ts';
import { schedulePhases } from '../../src/models/stylegan/phases.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { fitGame, type FittedGame, type PlayedPhase } from '../../src/training/images/fit-game.ts';
import { describePace, paceOf } from '../../src/training/images/pace.ts';
import { drawPhase, shownPhases } from '../../src/training/images/phase-pictures.ts';
import { toPicture } from '../../src/training/images/report-images.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { startOf, type TaskProgress } from '../../src/training/steps/run-task.ts';

const SETTINGS = {
  ...{ family: 'stylegan', latent: 4, mappingLayers: 1, channelBase: 16, channelMost: 4, regulariserInterval: 1 },
  ...{ growFrom: 4, ownBatch: 4, phaseImages: 16, lastImages: 16, lastParts: 2, mixing: 0 },
};

function planOf(size: number): ImageGamePlan {
  const config = resolveImageConfig({ flags: {}, env: {}, file: { ...SETTINGS, imageSize: size, data: ['x'] } })!;
  return config.family.planGame!(config.values, { channels: 1, size });
}

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

interface Seen {
  readonly programs: number;
  readonly firstFeeds: readonly NamedArrays[];
}

/** Plays a game of 8 x 8 images; what phases are resumed from, by their names. */
async function play(resumed: Readonly<Record<string, TaskProgress>> = {}) {
  const firstFeeds: NamedArrays[] = [];
  const heard: Executor = {
    ...executor,
    compile: (graph) => executor.compile(graph),
    compileSteps: async (program) => {
      const session = await executor.compileSteps(program);
      let isFirst = true;
      return {
        close: () => session.close(),
        run: (count, feeds) => {
          if (isFirst) firstFeeds.push(feeds);
          isFirst = false;
          return session.run(count, feeds);
        },
      };
    },
  };
  const played: PlayedPhase[] = [];
  let now = 0;
  const game: FittedGame = await fitGame({
    ...{ executor: heard, plan: planOf(8), image: { channels: 1, size: 8 }, random: createRandom(1), stepsPerCall: 3 },
    rows: Float32Array.from({ length: 6 * 64 }, (_, at) => (at * 37) % 256),
    labels: null,
    journal: {
      resume: (_, task) => Promise.resolve(resumed[task.name]),
      progress: () => Promise.resolve('continue'),
      finished: () => Promise.resolve(),
      save: () => Promise.resolve(),
    },
    seconds: () => (now += 2),
    onPhase: (phase) => {
      played.push(phase);
      return Promise.resolve();
    },
  });
  const seen: Seen = { programs: firstFeeds.length, firstFeeds };
  return { game, played, seen };
}

describe('the phases of a game', () => {
  let whole: Awaited<ReturnType<typeof play>>;
  beforeAll(async () => {
    whole = await play();
  }, 120_000);

  it("keep curves and a picture, and no state: that of a paper's network is half a gigabyte", () => {
    const { game } = whole;
    expect(game.phases.map(({ phase }) => phase.name)).toEqual(['4-settle', '8-fade', '8-1', '8-2']);
    for (const kept of game.phases) {
      expect(Object.keys(kept).sort()).toEqual([
        'history',
        'phase',
        'picture',
        'rollbacks',
        'seconds',
        'steps',
        'stepsDone',
        'stepsPlayed',
        'updatesPerStep',
      ]);
    }
  }, 120_000);

  it('begin with the weights of the one before, and with fresh moments at another size, with the same ones at the same', () => {
    const { played, seen } = whole;
    const [settled, faded, first] = played as [PlayedPhase, PlayedPhase, PlayedPhase];
    const carried = faded.task.initial.filter(({ name }) => name in settled.progress.state);
    const [weights, moments] = [true, false].map((each) => carried.filter(({ isParameter }) => isParameter === each));
    expect(weights!.length).toBeGreaterThan(5);
    expect(moments!.length).toBeGreaterThan(5);
    for (const { name } of weights!) expect(seen.firstFeeds[1]![name]!.data).toEqual(settled.progress.state[name]);
    for (const { name } of moments!) {
      expect(seen.firstFeeds[1]![name]!.data.every((value) => value === 0)).toBe(true);
    }
    expect(moments!.some(({ name }) => settled.progress.state[name]!.some((value) => value !== 0))).toBe(true);
    for (const { name } of first.task.initial.filter((each) => each.name in faded.progress.state))
      expect(seen.firstFeeds[2]![name]!.data).toEqual(faded.progress.state[name]);
  }, 120_000);

  it('that are done already are not compiled again, and have no pace', async () => {
    const { game: full, played } = whole;
    expect(toPicture(full.phases[0]!)[0]!.note).toBe(
      'After 16 images of this phase, 8 images a second; the same noise after each phase.',
    );
    const half = startOf(played[3]!.task, createRandom(1));
    const done = Object.fromEntries(played.slice(0, 3).map(({ task, progress }) => [task.name, progress]));
    const { game, seen } = await play({ ...done, [played[3]!.task.name]: { ...half, stepsDone: 1 } });
    expect(seen.programs).toBe(1);
    expect(game.phases.map(({ stepsPlayed, seconds }) => [stepsPlayed, seconds])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 2],
    ]);
    expect(toPicture(game.phases[0]!)[0]!.note).toBe('After 16 images of this phase; the same noise after each phase.');
    // One of its two steps, which are of 4 images each, in two seconds.
    expect(toPicture(game.phases[3]!)[0]!.note).toContain('After 8 images of this phase, 2 images a second');
    expect(game.phases[0]!.picture).toEqual(full.phases[0]!.picture);
    // Phases of 16, 16, 8 and 8 images, two seconds each; this process played one step of 4 images.
    expect(paceOf(full.phases)).toEqual({ phases: 4, images: 48, imagesPerSecond: 6 });
    expect(describePace(paceOf(game.phases))).toBe('48 images in 4 phases, 2 a second');
    expect(paceOf(game.phases.slice(0, 3))).toEqual({ phases: 3, images: 40, imagesPerSecond: null });
  }, 120_000);
});

describe('the pictures of a report', () => {
  it('are of the phases that grow, and of twelve at the full size', () => {
    const phases = schedulePhases({ size: 16, growFrom: 4, phaseImages: 10, lastImages: 1e6, lastParts: 1000 });
    const names = [...shownPhases(phases)].map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(['4-settle', '8-fade', '8-settle', '16-fade']);
    expect(names.slice(4)).toEqual(
      [84, 167, 250, 334, 417, 500, 584, 667, 750, 834, 917, 1000].map((at) => `16-${at}`),
    );
    const few = schedulePhases({ size: 8, growFrom: 8, phaseImages: 1, lastImages: 9, lastParts: 3 });
    expect(shownPhases(few).size).toBe(3);
  });

  it('are made a few images at a time, and shrunk to 64 pixels', async () => {
    const counts: number[] = [];
    const heard: Executor = {
      ...executor,
      compile: async (graph) => {
        const session = await executor.compile(graph);
        return {
          close: () => session.close(),
          run: (feeds) => {
            counts.push(feeds['truncation']!.shape[0]!);
            return session.run(feeds);
          },
        };
      },
    };
    const plan = planOf(128);
    const task = plan.taskOf(plan.phases.at(-1)!, 4);
    const { state } = startOf(task, createRandom(1));
    const drawn = { executor: heard, plan, channels: 1, size: 128, weights: state, random: createRandom(1) };
    const png = await drawPhase(drawn);
    expect(counts).toEqual([16, 16, 8]);
    expect(pngFormat.sizeOf(Buffer.from(png))).toEqual([10 * 66 + 2, 4 * 66 + 2]);
  }, 120_000);
});
