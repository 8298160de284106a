import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom, scopeRandom } from '../../src/base/philox.ts';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { toPlanarImage } from '../../src/models/images/planar-image.ts';
import { toNetwork } from '../../src/models/stylize/lay-out.ts';
import { STYLIZE, stylizeGraph } from '../../src/models/stylize/stylizer-graphs.ts';
import { featuresOf, gapBetween } from '../support/channel-statistics.ts';
import { decodeStylizer } from '../../src/models/stylize/stylizer-file.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { createStylizeCommand } from '../../src/scoring/stylize/command.ts';
import { createStylizer, openStylizer } from '../../src/scoring/stylize/open-stylizer.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { STYLIZER_ROUND } from '../../src/training/images/fit-stylizer.ts';
import { planImageRun } from '../../src/training/images/plan-images.ts';
import { initialState } from '../../src/training/steps/state.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { part, PARTS_SETTINGS, trainParts, writeParts } from '../support/parts.ts';

/** Settings with which critic and decoder are trained in seconds. */
const TINY = { steps: 20, crossBelow: 0, stylizer: true, stylizerSteps: 150, stylizerRate: 5e-3 };

let folder: string;
const placeOf = (name: string): string => join(folder, name);
const bytesOf = (name: string, file: string): Promise<Buffer> => readFile(join(placeOf(name), file));
const settingsOf = (name: string, more: object = {}) => {
  const styleData = [placeOf('stripes')];
  return { ...PARTS_SETTINGS, data: [placeOf('parts')], out: placeOf(name), ...TINY, styleData, ...more };
};
const withoutNone = (given: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const train = (name: string, more: object = {}, hooks: object = {}) =>
  trainParts(withoutNone(settingsOf(name, more)), hooks);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-stylizer-'));
  await writeParts(placeOf('parts'));
  await mkdir(placeOf('stripes'));
  for (let dark = 0; dark < 20; dark++) await writeFile(placeOf(`stripes/${dark}.png`), stripes(16, 16, 5 * dark));
  await train('plain', {
    stylizer: undefined,
    stylizerSteps: undefined,
    stylizerRate: undefined,
    styleData: undefined,
  });
  await train('styled');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Stripes of two greys, a style that parts have not. */
const stripes = (width: number, height: number, dark: number): Uint8Array =>
  encodePng(
    ...([width, height, 1] as const),
    Uint8Array.from({ length: width * height }, (_, pixel) => (Math.floor((pixel % width) / 2) % 2 === 0 ? dark : 220)),
  );

describe('a stylizer', () => {
  it('leaves the critic as it is, and gets nearer to content and style than an untrained decoder', async () => {
    expect((await bytesOf('styled', 'critic.onnx')).equals(await bytesOf('plain', 'critic.onnx'))).toBe(true);
    expect(existsSync(join(placeOf('plain'), 'stylizer.bin'))).toBe(false);
    const report = await readFile(join(placeOf('styled'), 'report.html'), 'utf8');
    expect(report).toContain('decoder of styles');
    expect(report).toMatch(/stylizerSteps(<[^>]*>|\s)+150</);
    const trained = decodeStylizer(await bytesOf('styled', 'stylizer.bin'));
    const config = resolveImageConfig({ flags: {}, env: {}, file: settingsOf('styled') })!;
    const { stylizer: plan } = await planImageRun(config);
    const start = initialState(plan!.task, scopeRandom(createRandom(config.run.seed), STYLIZER_ROUND));
    const decoder = Object.entries(start).filter(([name]) => name.includes('.decoder.'));
    const untrained = { ...trained, weights: { ...trained.weights, ...Object.fromEntries(decoder) } };
    const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
    const decode = await openImageDecoder();
    const [content, style] = [decode(part(5000)), decode(stripes(24, 20, 33))];
    const about = { name: 'm', version: 'v', device: 'cpu' };
    const lossesOf = async (networks: typeof trained) =>
      (
        await createStylizer(networks, executor, about).stylize(content, style, {
          ...{ method: { kind: 'adain', alpha: 1 }, matchColours: 'none' },
        })
      ).losses;
    const [after, before] = [await lossesOf(trained), await lossesOf(untrained)];
    expect(after.style).toBeLessThan(0.5 * before.style);
    expect(after.content).toBeLessThan(0.7 * before.content);
    await executor.close();
  });

  it("gives features each style's means and deviations, to 1e-4, also of styles that it was not trained on", async () => {
    const trained = decodeStylizer(await bytesOf('styled', 'stylizer.bin'));
    const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
    const decode = await openImageDecoder();
    const toFeed = (bytes: Uint8Array) => {
      const image = toPlanarImage(decode(bytes), 1);
      return toNetwork(image, [image.height, image.width]);
    };
    const content = toFeed(part(5000));
    for (const file of [stripes(24, 20, 33), stripes(40, 16, 150), part(5001, { row: 8, column: 8 })]) {
      const style = toFeed(file);
      const extents = { content: [16, 16], style: style.shape.slice(2) as [number, number] } as const;
      const session = await executor.compile(stylizeGraph(trained, extents, 1));
      const { [STYLIZE.adapted]: adapted } = await session.run({ content, style });
      await session.close();
      expect(gapBetween(adapted!, await featuresOf(executor, trained, style))).toBeLessThan(1e-4);
    }
    await executor.close();
  });

  it('has the same bytes for the same seed, also where training was stopped and resumed', async () => {
    const interrupt = new AbortController();
    const onUpdates = (_done: number, _total: number, remark: string): void => {
      if (remark.includes('(styles)')) interrupt.abort();
    };
    const stopped = train('resumed', {}, { signal: interrupt.signal, onUpdates });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    await train('resumed', { resume: true });
    const wanted = await bytesOf('styled', 'stylizer.bin');
    expect((await bytesOf('resumed', 'stylizer.bin')).equals(wanted)).toBe(true);
    await train('other', { styleData: undefined });
    expect((await bytesOf('other', 'stylizer.bin')).equals(wanted)).toBe(false);
  }, 120_000);

  it('tells what of a folder of styles is not read, and of how many it takes a sample', async () => {
    await mkdir(placeOf('patterns/deeper'), { recursive: true });
    for (const name of ['a.bmp', 'deeper/b.png']) await writeFile(placeOf(`patterns/${name}`), stripes(16, 16, 5));
    for (let dark = 0; dark < 66; dark++) await writeFile(placeOf(`patterns/${dark}.png`), stripes(16, 16, dark));
    const file = settingsOf('other', { styleData: [placeOf('patterns')], imageSize: 64, memoryBudget: 1 });
    const { warnings } = await planImageRun(resolveImageConfig({ flags: {}, env: {}, file })!);
    expect(warnings).toEqual([
      `of the folder ${placeOf('patterns')}, not read are a.bmp: convert them to PNG, JPEG or WebP; and images in folders of it, deeper: name these with --data as well`,
      'of 66 images of styles, 64 fit into --memory-budget 1: a seeded sample is read',
    ]);
  });

  it.each([
    [{ stylizer: true, patchSize: 8, withoutNegatives: [] }, '--stylizer encodes whole images'],
    [{ stylizerSteps: 5 }, '"stylizerSteps" is of the stylizer: give --stylizer too'],
    [
      { imageColumn: undefined, criticOnly: undefined, styleWeight: 5 },
      '--style-weight is for images: give --image-column too',
    ],
  ])('is refused with what does not fit: %j', (given, message) => {
    const file = withoutNone({ ...PARTS_SETTINGS, data: ['x'], ...given });
    expect(() => resolveImageConfig({ flags: {}, env: {}, file })).toThrow(message);
  });

  it('cannot have more layers than the critic', async () => {
    await expect(train('deep', { stylizerLayers: 3 })).rejects.toThrow(
      '--stylizer-layers 3 is more than the critic has',
    );
  });
});

describe('stylize', () => {
  async function stylize(flags: readonly string[]) {
    const terminal = createListeningTerminal();
    await createStylizeCommand(terminal).parseAsync(['--device', 'cpu', ...flags], { from: 'user' });
    return terminal;
  }
  async function files(): Promise<readonly string[]> {
    await writeFile(placeOf('content.png'), part(6000));
    await writeFile(placeOf('wide.png'), stripes(37, 21, 30));
    return ['--model', placeOf('styled'), '--content', placeOf('wide.png'), '--style', placeOf('content.png')];
  }

  it.each([
    ['adain', ['--alpha', '0.5']],
    ['gatys', ['--method', 'gatys', '--steps', '30']],
    ['adain', ['--match-colours', 'covariance']],
  ])(
    'writes an image as large as the content, the same each time (%s %j)',
    async (method, flags) => {
      const given = [...(await files()), ...flags, '--json', '--out', placeOf('out.png')];
      const summary = JSON.parse((await stylize(given)).out()) as Record<string, unknown>;
      expect(summary).toMatchObject({ method, width: 37, height: 21, device: 'cpu' });
      const first = await readFile(placeOf('out.png'));
      const decode = await openImageDecoder();
      expect(decode(first)).toMatchObject({ width: 37, height: 21 });
      await stylize(given);
      expect((await readFile(placeOf('out.png'))).equals(first)).toBe(true);
    },
    60_000,
  );

  it("comes nearer to the style's Gram matrices the longer Gatys' optimisation takes", async () => {
    const gramAfter = async (steps: string): Promise<number> => {
      const given = [...(await files()), '--method', 'gatys', '--steps', steps, '--json', '--out', placeOf('out.png')];
      return (JSON.parse((await stylize(given)).out()) as { losses: { gram: number } }).losses.gram;
    };
    const [short, long] = [await gramAfter('5'), await gramAfter('120')];
    expect(long).toBeLessThan(0.5 * short);
  }, 60_000);

  it('keeps the colours of the content where these are matched', async () => {
    const stylizer = await openStylizer(placeOf('styled'), { device: 'cpu' });
    const decode = await openImageDecoder();
    const [content, style] = [
      decode(part(7000)),
      decode(
        encodePng(
          16,
          16,
          1,
          new Uint8Array(256).map((_, at) => (at % 3) * 20),
        ),
      ),
    ];
    const meanWith = async (matchColours: 'none' | 'histogram'): Promise<number> => {
      const { image } = await stylizer.stylize(content, style, { method: { kind: 'adain', alpha: 1 }, matchColours });
      return image.planes[0]!.reduce((total, value) => total + value, 0) / 256;
    };
    const own = content.rgb.reduce((total, value) => total + value, 0) / content.rgb.length;
    const [plain, matched] = [await meanWith('none'), await meanWith('histogram')];
    expect(Math.abs(matched - own)).toBeLessThan(0.3 * Math.abs(plain - own));
    await stylizer.close();
  }, 60_000);

  it.each([
    [['--steps', '5'], '--steps is of --method gatys, and adain is used'],
    [['--method', 'gatys', '--alpha', '0.5'], '--alpha is of --method adain'],
    [['--alpha', '1.5'], 'a number from 0 to 1 is needed'],
    [['--out', 'x.jpg'], 'x.jpg is no name of a PNG: give one that ends in .png'],
    [['--out', 'nowhere/x.png'], 'there is no folder nowhere'],
    [['--style', 'absent.png'], 'absent.png'],
  ])('refuses what does not fit: %j', async (flags, message) => {
    const terminal = await stylize([...(await files()), '--out', placeOf('never.png'), ...flags]);
    expect(terminal.err()).toContain(message);
    expect(terminal.exitCode()).toBe(1);
    expect(existsSync(placeOf('never.png'))).toBe(false);
  });

  it('says which image is broken, too many or too large, and which model cannot', async () => {
    const given = [...(await files()), '--out', placeOf('never.png')];
    const errorOf = async (flags: readonly string[]): Promise<string> => (await stylize([...given, ...flags])).err();
    await writeFile(placeOf('broken.png'), Buffer.from(part(1)).subarray(0, 60));
    expect(await errorOf(['--style', placeOf('broken.png')])).toMatch(/--style .*broken.png: the image cannot be read/);
    expect(await errorOf(['--content', placeOf('parts')])).toMatch(/--content .* has 80 images: name one/);
    await writeFile(placeOf('large.png'), stripes(400, 300, 30));
    const large = ['--content', placeOf('large.png'), '--method', 'gatys'];
    expect(await errorOf(large)).toContain(
      '400 x 300 pixels, and gatys takes at most 65536: shrink it with --size 256',
    );
    expect(await errorOf(['--model', placeOf('plain')])).toContain(
      'has no stylizer.bin: train it again with --stylizer',
    );
  });
});
