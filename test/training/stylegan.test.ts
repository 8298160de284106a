import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { peakBytes } from '../../src/base/peak-memory.ts';
import type { Manifest } from '../../src/models/artefact/manifest.ts';
import type { TrainResult } from '../../src/training/export-model.ts';
import { createTrainCommand } from '../../src/training/command.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import type { TrainHooks } from '../../src/training/train.ts';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { checkImageSample } from '../../src/scoring/sample-images.ts';
import type { SampleOptions } from '../../src/scoring/sampler.ts';
import { openTable } from '../../src/tables/table.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { IMAGE_HOOKS, writeParts } from '../support/parts.ts';

/** Settings with which a generator of 8 x 8 parts goes through all of its phases in seconds. */
const TINY = {
  ...{ family: 'stylegan', imageSize: 8, device: 'cpu', steps: 20, foldSteps: 1, folds: 2, crossBelow: 0 },
  ...{ latent: 8, mappingLayers: 2, channelBase: 64, channelMost: 8, regulariserInterval: 2, ownBatch: 4 },
  ...{
    growFrom: 4,
    phaseImages: 32,
    lastImages: 64,
    lastParts: 2,
    stepsPerCall: 4,
    replace: true,
    withoutNegatives: ['rot'],
  },
};

let folder: string;
/** What the first test trains, and others look at. */
let grown: TrainResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-stylegan-'));
  await writeParts(join(folder, 'parts'));
  await mkdir(join(folder, 'folder.png'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const placeOf = (name: string): string => join(folder, name);

async function train(name: string, file: object = {}, hooks: Partial<TrainHooks> = {}) {
  const settings = { ...TINY, data: [placeOf('parts')], out: placeOf(name), ...file };
  const config = resolveImageConfig({ flags: {}, env: {}, file: settings });
  return trainImages(config!, { ...IMAGE_HOOKS, ...hooks });
}

const bytesOf = (name: string, file: string): Promise<Buffer> => readFile(join(placeOf(name), file));

describe('a StyleGAN of images', () => {
  it('grows, and leaves a generator, the detecting critic, and a report with pictures of each phase', async () => {
    grown = await train('grown');
    expect(grown).toMatchObject({ family: 'stylegan', preset: 'small', rollbacks: 0 });
    const report = await readFile(join(placeOf('grown'), 'report.html'), 'utf8');
    const titles = [...report.matchAll(/<strong>(Generated[^<]*)<\/strong>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Generated, 4 x 4, settled',
      'Generated, 8 x 8, faded in',
      'Generated, 8 x 8, part 1',
      'Generated, 8 x 8, part 2',
    ]);
    expect(report.match(/src="data:image\/png;base64,/g)).toHaveLength(5);
    expect((await bytesOf('grown', 'generator.onnx')).length).toBeGreaterThan(1000);
    expect(existsSync(`${placeOf('grown')}.checkpoint`)).toBe(false);
  }, 120_000);

  it('says how both of its critics detect changed copies: in the result, the manifest and the report', async () => {
    const manifest = JSON.parse(String(await bytesOf('grown', 'manifest.json'))) as Manifest;
    const { critics } = manifest.training;
    expect(critics).toMatchObject({ images: 16, isShownToOwn: false });
    expect(grown.critics).toEqual(critics);
    const report = String(await bytesOf('grown', 'report.html'));
    const figures = /<section id="critics">[^]*<td class="number">([\d.]+)<[^]*<td class="number">([\d.]+)</.exec(
      report,
    );
    expect(Number(figures?.[1])).toBeCloseTo(critics!.own, 3);
    expect(Number(figures?.[2])).toBeCloseTo(critics!.detecting, 3);
  });

  it('has the detecting critic that --critic-only trains, byte for byte', async () => {
    const { imageSize, steps, foldSteps, folds, crossBelow, stepsPerCall, withoutNegatives } = TINY;
    const config = resolveImageConfig({
      ...{ flags: {}, env: {} },
      file: {
        ...{ imageColumn: 'image', criticOnly: true, imageSize, steps, foldSteps, folds, crossBelow, stepsPerCall },
        ...{ withoutNegatives, device: 'cpu', data: [placeOf('parts')], out: placeOf('alone') },
      },
    });
    expect(await trainImages(config!, IMAGE_HOOKS)).not.toHaveProperty('critics');
    const versions = await Promise.all(
      ['alone', 'grown'].map(
        async (name) => (JSON.parse(String(await bytesOf(name, 'manifest.json'))) as { version: string }).version,
      ),
    );
    expect(new Set(versions).size).toBe(2);
    expect((await bytesOf('alone', 'critic.onnx')).equals(await bytesOf('grown', 'critic.onnx'))).toBe(true);
    expect(existsSync(join(placeOf('alone'), 'generator.onnx'))).toBe(false);
  }, 120_000);

  it('gives other bytes for another seed', async () => {
    await train('other', { seed: 2 });
    expect((await bytesOf('other', 'generator.onnx')).equals(await bytesOf('grown', 'generator.onnx'))).toBe(false);
  }, 120_000);

  it('is cut by a time budget and is whole all the same', async () => {
    let now = 0;
    const result = await train('cut', { timeBudget: 8 }, { seconds: () => (now += 1) });
    expect(result.warnings.some((each) => /the time budget cut the StyleGAN, 8-2/.test(each))).toBe(true);
    expect(existsSync(join(placeOf('cut'), 'generator.onnx'))).toBe(true);
  }, 120_000);

  it('has a time budget of its own where it is resumed, in which phases that are done take nothing', async () => {
    const interrupt = new AbortController();
    const onUpdates = (_done: number, _total: number, remark: string): void => {
      if (remark.includes('8-fade')) interrupt.abort();
    };
    const stopped = train('later', {}, { signal: interrupt.signal, onUpdates });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    let now = 1000;
    const played = new Set<string>();
    const hear = (_done: number, _total: number, remark: string): void => {
      played.add(/stylegan-\S+/.exec(remark)?.[0] ?? remark);
    };
    const hooks = { seconds: () => (now += 1), onUpdates: hear };
    const result = await train('later', { resume: true, timeBudget: 8 }, hooks);
    expect([...played]).toEqual(['stylegan-8-fade', 'stylegan-8-1', 'stylegan-8-2']);
    expect(result.warnings.some((each) => /the time budget cut the StyleGAN, 8-2/.test(each))).toBe(true);
    expect(existsSync(join(placeOf('later'), 'generator.onnx'))).toBe(true);
    expect(existsSync(`${placeOf('later')}.checkpoint`)).toBe(false);
  }, 240_000);
});

describe('images that a StyleGAN makes up', () => {
  const open = () => openSampler(placeOf('grown'), { device: 'cpu' });
  async function draw(count: number, options: SampleOptions): Promise<Float32Array> {
    const sampler = await open();
    const parts: number[] = [];
    for await (const rows of sampler.sample(count, options)) parts.push(...rows);
    await sampler.close();
    return Float32Array.from(parts);
  }

  it('are the same for the same seed, whatever the count, and come back from their PNG files', async () => {
    const rows = await draw(6, { seed: 3 });
    expect(await draw(3, { seed: 3 })).toEqual(rows.subarray(0, 3 * 64));
    expect(await draw(6, { seed: 4 })).not.toEqual(rows);
    const sampler = await open();
    const detector = await openDetector(placeOf('grown'), { device: 'cpu' });
    expect(detector.encode(sampler.decode(rows))).toEqual(rows.map(Math.round));
    await Promise.all([sampler.close(), detector.close()]);
  }, 60_000);

  it('are all the mean style at a truncation of 0, but for their noise, and mix styles layer by layer', async () => {
    const sampler = await open();
    const { layers } = sampler.description.styles!;
    const shares = (first: number): number[] => Array.from({ length: layers }, (_, layer) => (layer < first ? 1 : 0));
    const styled = (row: number, other: number, first: number) => ({ row, other, shares: shares(first) });
    const seed = 5;
    const same = await sampler.sampleStyled([styled(0, 1, 0), styled(0, 2, 0)], { seed, truncation: 0 });
    expect(same.subarray(0, 64)).toEqual(same.subarray(64));
    const kinds = [styled(0, 1, layers), styled(0, 1, 2), styled(0, 1, 0)];
    const mixed = await sampler.sampleStyled(kinds, { seed });
    const [own, both, other] = [0, 1, 2].map((at) => mixed.subarray(at * 64, (at + 1) * 64));
    // Sums go in another order in a batch of another size.
    const alone = await draw(1, { seed });
    expect(Math.max(...own!.map((pixel, at) => Math.abs(pixel - alone[at]!)))).toBeLessThan(0.01);
    expect(both).not.toEqual(own);
    expect(both).not.toEqual(other);
    await sampler.close();
  }, 60_000);

  it('are written as a table, a grid, a table of mixed styles, and ways between two', async () => {
    const sample = async (flags: string): Promise<string> => {
      const terminal = createListeningTerminal();
      const given = ['--model', placeOf('grown'), '--device', 'cpu', ...flags.split(' ')];
      await createSampleCommand(terminal).parseAsync(given, { from: 'user' });
      expect(terminal.err()).not.toContain('error');
      return terminal.out();
    };
    const [table, grid] = [placeOf('made.parquet'), placeOf('grid.png')];
    expect(await sample(`--out ${table} --count 30`)).toContain('30 images made up by parts from seed 1');
    const opened = await openTable({ data: [table] });
    const sizes: number[] = [];
    for await (const { pictures } of readPictures(opened, 'image')) sizes.push(...pictures.map(({ width }) => width));
    await opened.close();
    expect(sizes).toEqual(new Array<number>(30).fill(8));
    const decode = await openImageDecoder();
    const widthOf = async (flags: string): Promise<number> => {
      await sample(`--out ${grid} ${flags}`);
      return decode(await readFile(grid)).width;
    };
    expect(await widthOf('--count 9 --truncation 0.7')).toBe(3 * 66 + 2);
    expect(await widthOf('--mix coarse')).toBe(8 * 66 + 2);
    expect(await widthOf('--interpolate')).toBe(9 * 66 + 2);
    // The empty corner of the table is no image.
    expect(await sample(`--out ${grid} --mix fine`)).toContain('47 images made up by parts from seed 1');
  }, 120_000);

  it.each([
    [{ out: 'x.parquet', mix: 'fine' }, 'draw a grid: give --out a name that ends in .png'],
    [{ out: 'x.png', mix: 'fine', count: 5 }, 'leave --count out'],
    [{ out: 'x.png', mix: 'fine', interpolate: true }, 'are two pictures'],
    [{ out: 'x.csv' }, 'x.csv cannot hold images'],
    [{ out: 'x.png', count: 2000 }, 'a grid has at most 1024 images of 32 x 32'],
    [{ out: 'x.png', count: 65, size: 1024 }, 'a grid has at most 64 images of 1024 x 1024'],
    [{ out: 'folder.png' }, 'folder.png is a folder'],
    [{ out: 'nowhere/x.png' }, 'there is no folder nowhere'],
  ] as const)('are refused where flags do not fit: %j', (given, message) => {
    const { size, ...choice } = { count: undefined, mix: undefined, interpolate: false, size: 32, ...given };
    const out = choice.out === 'folder.png' ? placeOf(choice.out) : choice.out;
    expect(() => checkImageSample({ ...choice, out }, size)).toThrow(message);
  });
});

describe('the flags of a StyleGAN', () => {
  const resolve = (file: Readonly<Record<string, unknown>>) =>
    resolveImageConfig({ flags: {}, env: {}, file: { data: ['x'], ...file } });
  it('make a run one on images by the family alone, and by the column alone a StyleGAN', () => {
    expect(resolve({ family: 'stylegan' })).toMatchObject({ run: { imageColumn: 'image' }, preset: 'small' });
    expect(resolve({ imageColumn: 'picture' })).toMatchObject({ run: { family: 'stylegan', imageColumn: 'picture' } });
    expect(resolve({ family: 'stylegan', criticOnly: true })).toMatchObject({ run: { family: 'image-critic' } });
    expect(resolve({ family: 'stylegan', preset: 'progan' })?.values).toMatchObject({ mixing: 0, growFrom: 4 });
  });
  it.each([
    [
      { family: 'wgan-gp', imageColumn: 'image' },
      '--family wgan-gp is of no images: with --image-column give stylegan',
    ],
    [{ family: 'stylegan', preset: 'detect' }, 'stylegan has no preset detect; it has small, karras, progan'],
    [{ family: 'stylegan', growFrom: 64 }, '--grow-from 64 is larger than the images, which are --image-size 32'],
    [{ family: 'stylegan', hidden: [3] }, '"hidden" has no meaning with --image-column and --family stylegan'],
    [{ family: 'stylegan', regulariser: 'none' }, 'give --regulariser-interval 1'],
    [{ family: 'stylegan', regulariser: 'clip' }, 'regulariser'],
    [{ imageColumn: 'image', criticOnly: true, latent: 3 }, '"latent" has no meaning'],
    [{ imageColumn: 'image', criticOnly: true, family: 'wgan-gp' }, '--family wgan-gp is of no images'],
  ])('are refused where they do not fit: %j', (file, message) => {
    expect(() => resolve(file)).toThrow(message);
  });
});

describe('a run of train', () => {
  const SHORT = { growFrom: 8, phaseImages: 8, lastImages: 16, steps: 2, regulariserInterval: 1 };
  it('says how many images were shown, how fast, and the most memory: in its summary, in JSON and in the report', async () => {
    const run = async (flags: string): Promise<string> => {
      const terminal = createListeningTerminal();
      const settings = placeOf('settings.json');
      await writeFile(settings, JSON.stringify({ ...TINY, ...SHORT, data: [placeOf('parts')], out: placeOf('said') }));
      await createTrainCommand(terminal).parseAsync(['--config', settings, ...flags.split(' ')], { from: 'user' });
      return terminal.out();
    };
    const summary = await run('--threads 1');
    expect(summary).toMatch(/the generator's own critic was shown 16 images in 2 phases, [\d,.]+ a second\n/);
    expect(summary).toMatch(/is trained: .* \([^)]*, at most [\d.]+ [MG]iB of memory, onnxruntime/);
    const report = String(await bytesOf('said', 'report.html'));
    const most = /at most ([\d.,]+ [MG]iB) of memory/.exec(summary)![1];
    expect(report).toMatch(/<dt>Own critic shown<\/dt>\s*<dd>16 images in 2 phases, [\d,.]+ a second<\/dd>/);
    expect(/<dt>Peak memory<\/dt>\s*<dd>([^<]*)<\/dd>/.exec(report)?.[1]).toBe(most);
    const result = JSON.parse(await run('--json')) as TrainResult;
    expect(result.generator).toMatchObject({ phases: 2, images: 16 });
    expect(result.generator!.imagesPerSecond).toBeGreaterThan(0);
    expect(result.peakBytes).toBeLessThanOrEqual(peakBytes());
    expect(result.peakBytes).toBeGreaterThanOrEqual(process.memoryUsage.rss() / 4);
  }, 120_000);
});
