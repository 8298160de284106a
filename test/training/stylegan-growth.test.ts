import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import type { PhaseHook, PlayedPhase } from '../../src/training/images/fit-game.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import type { TrainHooks } from '../../src/training/train.ts';
import { IMAGE_HOOKS } from '../support/parts.ts';

const SIZE = 64;
const COUNT = 24;
/** Few images a phase and few channels: each phase takes a step or two. */
const TINY = {
  ...{ family: 'stylegan', imageSize: SIZE, growFrom: 8, phaseImages: 16, lastImages: 8, lastParts: 1, ownBatch: 4 },
  ...{ latent: 4, mappingLayers: 1, channelBase: 128, channelMost: 4, regulariserInterval: 1, stepsPerCall: 2 },
  ...{ device: 'cpu', steps: 1, batch: 8, crossBelow: 0, withoutNegatives: ['rot'], replace: true },
};

let folder: string;
const placeOf = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-growth-'));
  await mkdir(placeOf('discs'));
  for (let seed = 0; seed < COUNT; seed++) await writeFile(placeOf(`discs/${seed}.png`), drawDisc(seed));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A bright disc on a dark ground, of a size and at a place of its own. */
function drawDisc(seed: number): Uint8Array {
  const dice = createDice(createRandom(2).stream('discs'), seed);
  const [x, y, radius] = [dice.uniform(24, 40), dice.uniform(24, 40), dice.uniform(10, 20)];
  const pixels = Uint8Array.from({ length: SIZE ** 2 }, (_, at) =>
    Math.hypot((at % SIZE) - x, Math.floor(at / SIZE) - y) < radius ? 210 : 40,
  );
  return encodePng(SIZE, SIZE, 1, pixels);
}

async function train(name: string, hooks: Partial<TrainHooks> = {}, file: object = {}, onPhase?: PhaseHook) {
  const settings = { ...TINY, data: [placeOf('discs')], out: placeOf(name), ...file };
  const config = resolveImageConfig({ flags: {}, env: {}, file: settings });
  return trainImages(config!, { ...IMAGE_HOOKS, ...hooks }, onPhase);
}

const generatorOf = (name: string): Promise<Buffer> => readFile(join(placeOf(name), 'generator.onnx'));

describe('a StyleGAN that grows from 8 x 8 to 64 x 64', () => {
  const played: PlayedPhase[] = [];
  const phaseOf = (name: string): PlayedPhase => played.find(({ phase }) => phase.name === name)!;
  const weightsOf = (phase: string, network: string): string[] =>
    Object.keys(phaseOf(phase).progress.state).filter((each) =>
      new RegExp(`${network}\\.image\\.\\d+\\.weight$`).test(each),
    );

  it('plays its phases in order, each to its end', async () => {
    await train('grown', {}, {}, (phase) => Promise.resolve(void played.push(phase)));
    const names = ['8-settle', '16-fade', '16-settle', '32-fade', '32-settle', '64-fade', '64-1'];
    expect(played.map(({ phase }) => phase.name)).toEqual(names);
    for (const { phase, task, progress } of played) {
      expect(progress.stepsDone).toBe(phase.images / TINY.ownBatch);
      expect(task.steps).toBe(progress.stepsDone);
      expect(progress.history['criticLoss']!.every(Number.isFinite)).toBe(true);
    }
    const report = await readFile(join(placeOf('grown'), 'report.html'), 'utf8');
    expect(report).toContain('Generated, 64 x 64, faded in');
    expect(report).toContain('Generated, 64 x 64, part 1');
  }, 240_000);

  it('fades 64 x 64 in beside what it had learnt at 32 x 32, and then lets that go', () => {
    for (const network of ['synthesis', 'critic']) {
      const at = (...sizes: readonly number[]): string[] =>
        sizes.map((size) => `stylegan.${network}.image.${size}.weight`);
      expect(weightsOf('32-settle', network)).toEqual(at(32));
      expect(weightsOf('64-fade', network)).toEqual(at(64, 32));
      expect(weightsOf('64-1', network)).toEqual(at(64));
    }
    // A weight moves by about its learning rate an update, 0.02 at most; one that began anew would be about 1 away.
    const [before, after] = ['32-settle', '64-fade'].map((name) => phaseOf(name).progress.state);
    const kept = phaseOf('64-fade').task.initial.filter(
      ({ name, isParameter }) => isParameter && name in before! && /(weight|bias)$/.test(name),
    );
    expect(kept.length).toBeGreaterThan(40);
    const moved = kept.map(({ name }) =>
      Math.max(...before![name]!.map((value, at) => Math.abs(value - after![name]![at]!))),
    );
    expect(Math.max(...moved)).toBeLessThan(0.2);
    expect(Math.min(...moved)).toBeGreaterThan(0);
  });

  it('makes images of 64 x 64 that differ by their latents, the same for the same seed', async () => {
    const sampler = await openSampler(placeOf('grown'), { device: 'cpu' });
    const draw = async (seed: number): Promise<Float32Array> => {
      const parts: number[] = [];
      for await (const rows of sampler.sample(3, { seed })) parts.push(...rows);
      return Float32Array.from(parts);
    };
    const made = await draw(1);
    const files = sampler.decode(made).map(({ image }) => image as Uint8Array);
    await expect(draw(1)).resolves.toEqual(made);
    const other = await draw(2);
    await sampler.close();
    const decode = await openImageDecoder();
    expect(files.map((file) => [decode(file).width, decode(file).height])).toEqual(new Array(3).fill([SIZE, SIZE]));
    const images = [
      ...[0, 1, 2].map((at) => made.subarray(at * SIZE ** 2, (at + 1) * SIZE ** 2)),
      other.subarray(0, SIZE ** 2),
    ];
    for (const [at, one] of images.entries())
      for (const another of images.slice(at + 1))
        expect(Math.max(...one.map((pixel, place) => Math.abs(pixel - another[place]!)))).toBeGreaterThan(1);
  }, 60_000);

  it('gives the same bytes where it was stopped in the middle of a phase at 32 x 32, and grew after it was resumed', async () => {
    const interrupt = new AbortController();
    const onUpdates = (_done: number, _total: number, remark: string): void => {
      if (remark.includes('32-settle')) interrupt.abort(); // half of its steps are done
    };
    await expect(train('resumed', { signal: interrupt.signal, onUpdates })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    const again: PlayedPhase[] = [];
    await train('resumed', {}, { resume: true }, (phase) => Promise.resolve(void again.push(phase)));
    expect(again.map(({ stepsPlayed }) => stepsPlayed)).toEqual([0, 0, 0, 0, 2, 4, 2]);
    expect((await generatorOf('resumed')).equals(await generatorOf('grown'))).toBe(true);
  }, 240_000);
});
