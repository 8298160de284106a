import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { createDice } from '../../src/models/images/dice.ts';
import type { Manifest } from '../../src/models/artefact/manifest.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { openTable } from '../../src/tables/table.ts';
import { openWaitingRows } from '../../src/tables/waiting-rows.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { encodeLabels, leaveUntrained, NO_LEVEL, warnOfLoneLevels } from '../../src/training/images/labels.ts';
import { trainImages } from '../../src/training/images/train-images.ts';
import type { TrainHooks } from '../../src/training/train.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { IMAGE_HOOKS } from '../support/parts.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { readAll } from '../support/grpc-sampling.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const SIZE = 8;
const COUNT = 120;
/** Two bright images for a dark one. */
const KINDS = ['bright', 'bright', 'dark'] as const;
const MIDDLE = { bright: 200, dark: 50, rare: 120 } as const;

const DETECTOR = {
  ...{ imageSize: SIZE, device: 'cpu', steps: 5, foldSteps: 1, folds: 2, crossBelow: 0, stepsPerCall: 20 },
  ...{ withoutNegatives: ['rot'], replace: true },
};
const TINY = {
  ...{ ...DETECTOR, family: 'stylegan', imageColumn: 'file', condition: ['kind'] },
  ...{ latent: 8, channelBase: 64, channelMost: 8, ownBatch: 8, growFrom: 4, regulariserInterval: 2 },
  ...{ phaseImages: 400, lastImages: 1200, lastParts: 1 },
};

const serve = createServeFixture();
const connect = createClientFixture();
let folder: string;
const placeOf = (name: string): string => join(folder, name);
const bytesOf = (name: string, file: string): Promise<Buffer> => readFile(join(placeOf(name), file));

const usualKind = (index: number): keyof typeof MIDDLE => KINDS[index % KINDS.length]!;

/** Images of one shade each, of a kind each, as a table. */
async function writeShades(path: string, count: number, kindOf = usualKind): Promise<void> {
  const kinds = Array.from({ length: count }, (_, index) => kindOf(index));
  const files = kinds.map((kind, index) => {
    const dice = createDice(createRandom(5).stream('shade'), index);
    const shade = MIDDLE[kind] + dice.uniform(-15, 15);
    const pixels = Uint8Array.from({ length: SIZE ** 2 }, () => Math.round(shade + 4 * dice.normal()));
    return encodePng(SIZE, SIZE, 1, pixels);
  });
  const waiting = await openWaitingRows({ file: 'BLOB', kind: 'VARCHAR' }, {});
  waiting.append([files, kinds]);
  await waiting.write('file, kind', path, 'parquet');
}

async function train(name: string, file: object, hooks: Partial<TrainHooks> = {}): Promise<void> {
  const settings = { data: [placeOf('shades.parquet')], out: placeOf(name), ...file };
  await trainImages(resolveImageConfig({ flags: {}, env: {}, file: settings })!, { ...IMAGE_HOOKS, ...hooks });
}

async function sample(flags: string, model = 'told'): Promise<string> {
  const terminal = createListeningTerminal();
  const given = ['--model', placeOf(model), '--device', 'cpu', ...flags.split(' ')];
  await createSampleCommand(terminal).parseAsync(given, { from: 'user' });
  return terminal.err();
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean of each image's pixels. */
async function shadesIn(path: string): Promise<number[]> {
  const table = await openTable({ data: [path] });
  const shades: number[] = [];
  for await (const { pictures } of readPictures(table, 'file')) {
    for (const { rgb } of pictures) shades.push(meanOf([...rgb]));
  }
  await table.close();
  return shades;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-labels-'));
  await writeShades(placeOf('shades.parquet'), COUNT);
  await train('told', TINY);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a StyleGAN that is told labels', () => {
  it('makes images of the label that is asked for', async () => {
    const out = placeOf('made.parquet');
    await sample(`--count 60 --out ${out} --condition kind=dark`);
    expect(meanOf(await shadesIn(out))).toBeLessThan(100);
    await sample(`--count 60 --out ${out} --condition kind=bright`);
    expect(meanOf(await shadesIn(out))).toBeGreaterThan(150);
  }, 60_000);

  it('draws labels as they are in the data where none is asked for, and takes them from a table', async () => {
    const out = placeOf('made.parquet');
    await sample(`--count 300 --out ${out}`);
    const drawn = (await shadesIn(out)).filter((shade) => shade > 125).length / 300;
    expect(Math.abs(drawn - 2 / 3)).toBeLessThan(0.12);
    await sample(`--out ${out} --conditions-from ${placeOf('shades.parquet')}`);
    const shades = await shadesIn(out);
    expect(shades).toHaveLength(120);
    const dark = shades.filter((_, index) => KINDS[index % KINDS.length] === 'dark');
    expect(meanOf(dark)).toBeLessThan(meanOf(shades) - 30);
  }, 60_000);

  it('makes them over gRPC, too', async () => {
    const serving = await serve({ openDetector, settings: { model: placeOf('told'), device: 'cpu' } });
    const client = connect(serving.addresses.grpc);
    const shadeOf = async (text: string): Promise<number> => {
      const request = { count: 20, condition: { fields: { kind: { text } } } };
      const { records, error } = await readAll(client.raw.sample(request));
      expect(error).toBeUndefined();
      const decode = await openImageDecoder();
      return meanOf(records.flatMap(({ file }) => [...decode(file as Uint8Array).rgb]));
    };
    expect(await shadeOf('bright')).toBeGreaterThan((await shadeOf('dark')) + 50);
    const { fields } = await client.describe();
    expect(fields).toMatchObject([{ name: 'file', kind: 'image', condition: false }]);
  }, 60_000);

  it('keeps the label where styles are mixed', async () => {
    const sampler = await openSampler(placeOf('told'), { device: 'cpu' });
    const { styles, conditions } = sampler.description;
    expect(conditions).toEqual(['kind']);
    const mixed = Array.from({ length: 20 }, (_, row) => ({
      ...{ row, other: row + 20 },
      shares: Array.from({ length: styles!.layers }, (__, layer) => layer % 2),
    }));
    const shadeOf = async (kind: string): Promise<number> =>
      meanOf([...(await sampler.sampleStyled(mixed, { seed: 1, condition: { kind } }))]);
    expect((await shadeOf('bright')) - (await shadeOf('dark'))).toBeGreaterThan(50);
    await sampler.close();
    const decode = await openImageDecoder();
    await sample(`--out ${placeOf('mixed.png')} --mix coarse --condition kind=dark`);
    expect(decode(await readFile(placeOf('mixed.png'))).width).toBe(8 * 66 + 2);
  }, 60_000);

  it.each([
    ['--out x.parquet --condition kind=drak', 'has the level "drak", which training never saw. Did you mean "dark"'],
    ['--out x.parquet --condition king=dark', '"king" is no condition'],
    ['--out x.png --mix fine --conditions-from x.csv', 'give --condition in place of --conditions-from'],
  ])('refuses %s', async (flags, message) => {
    expect(await sample(flags.replace('x.csv', placeOf('shades.parquet')))).toContain(message);
  });

  it('has levels in its manifest, most frequent first, and scores images without a label by the critic of --critic-only', async () => {
    const manifest = JSON.parse(String(await bytesOf('told', 'manifest.json'))) as Record<string, never>;
    expect(manifest).toMatchObject({
      features: { fields: [], image: { label: { name: 'kind', levels: ['bright', 'dark'] } } },
      fingerprint: { columns: [{ name: 'kind', levelShares: { bright: 2 / 3, dark: 1 / 3 } }] },
    });
    await train('alone', { ...DETECTOR, imageColumn: 'file', criticOnly: true });
    expect((await bytesOf('alone', 'critic.onnx')).equals(await bytesOf('told', 'critic.onnx'))).toBe(true);
    const detector = await openDetector(placeOf('told'), { device: 'cpu' });
    const grey = encodePng(SIZE, SIZE, 1, new Uint8Array(SIZE ** 2).fill(120));
    expect((await detector.score([{ file: grey }])).scores.every(Number.isFinite)).toBe(true);
    await detector.close();
  }, 120_000);

  it('goes on to the same bytes where it was stopped', async () => {
    const interrupt = new AbortController();
    const stop = (_done: number, _total: number, remark: string): void => {
      if (remark.includes('8-1')) interrupt.abort();
    };
    const stopped = train('resumed', TINY, { signal: interrupt.signal, onUpdates: stop });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    const other = train('resumed', { ...TINY, condition: undefined, resume: true });
    await expect(other).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await train('resumed', { ...TINY, resume: true });
    expect((await bytesOf('resumed', 'generator.onnx')).equals(await bytesOf('told', 'generator.onnx'))).toBe(true);
  }, 240_000);
});

describe('a label that only held-out images have', () => {
  it('is warned of in training, drawn by nobody, and refused where it is asked for', async () => {
    const shades = placeOf('rare.parquet');
    const file = { ...TINY, data: [shades], growFrom: SIZE, lastImages: 8, regulariserInterval: 1 };
    const { run } = resolveImageConfig({ flags: {}, env: {}, file })!;
    const asked = { crossBelow: 0, folds: run.folds, heldOutShare: run.calibrationShare, mostHeldOut: COUNT };
    const { heldOut } = splitRows(COUNT, createRandom(run.seed), asked).rounds[0]!;
    const rare = new Set(heldOut.subarray(0, 2));
    await writeShades(shades, COUNT, (index) => (rare.has(index) ? 'rare' : usualKind(index)));
    const warned: string[] = [];
    await train('rare', file, { warn: (message) => warned.push(message) });
    expect(warned.filter((message) => message.includes('kind='))).toEqual([
      'no image to train on has kind=rare, since those that do are held out to calibrate: the generator makes no such images; ' +
        'give more such images, or have none held out: --cross-below 121',
    ]);
    const manifest = JSON.parse(String(await bytesOf('rare', 'manifest.json'))) as Manifest;
    expect(manifest.features.image!.label!.levels).toEqual(['bright', 'dark']);
    const shares = manifest.fingerprint.columns[0]!.levelShares!;
    expect(Object.keys(shares)).toEqual(['bright', 'dark']);
    expect(shares['bright']! + shares['dark']!).toBeCloseTo(1, 12);
    const out = placeOf('rare-made.parquet');
    expect(await sample(`--out ${out} --condition kind=rare`, 'rare')).toContain(
      'has the level "rare", which training never saw',
    );
    await sample(`--out ${out} --count 40`, 'rare');
    expect(await shadesIn(out)).toHaveLength(40);
  }, 120_000);
});

describe('labels of images', () => {
  it('leave out levels that no image to train on has, and are refused where one level is left', () => {
    const labels = encodeLabels('kind', ['b', 'c', 'a', 'c', 'a']);
    const { labels: kept, warnings } = leaveUntrained(labels, Uint32Array.of(1, 2));
    expect(kept.label.levels).toEqual(['a', 'c']);
    expect([...kept.places]).toEqual([NO_LEVEL, 1, 0, 1, 0]);
    expect(warnings).toHaveLength(1);
    expect(leaveUntrained(labels, Uint32Array.of(0, 1, 2))).toEqual({ labels, warnings: [] });
    expect(() => leaveUntrained(labels, Uint32Array.of(1, 3))).toThrow(
      'the condition "kind" is c in all images to train on, since those that are a, b are held out: give more such images, or have none held out: --cross-below 6',
    );
  });
  it('are placed by how often they are there, ties by name', () => {
    const { label, places } = encodeLabels('kind', ['b', 'c', 'a', 'c']);
    expect(label.levels).toEqual(['c', 'a', 'b']);
    expect([...places]).toEqual([2, 0, 1, 0]);
  });
  it('are warned of where a single image has them', () => {
    const labels = encodeLabels('kind', ['b', 'c', 'a', 'c', 'd', 'e', 'a']);
    expect(warnOfLoneLevels(labels)).toEqual([
      '3 of 5 values of "kind" (b, d, e) are of one image each, of which the generator learns that image, and no kind: give more such images, or leave these out with --where',
    ]);
    expect(warnOfLoneLevels(encodeLabels('kind', ['a', 'b', 'b', 'a']))).toEqual([]);
  });
  it.each([
    [['a', null], 'the condition "kind" is missing in image 1'],
    [['1.png', '2.png', '3.png', '4.png'], 'has another value in each image (1.png, 2.png, 3.png and 1 more)'],
    [['a', 'a'], 'the condition "kind" is a in all images'],
    [Array.from({ length: 1001 }, (_, index) => `${index}`), 'has 1001 levels; at most 1000'],
  ] as const)('are refused: case %#', (texts, message) => {
    expect(() => encodeLabels('kind', texts)).toThrow(message);
  });
  it.each([
    [{ condition: ['kind', 'size'] }, '--condition names 2 columns (kind, size); images have one label'],
    [{ condition: ['file'] }, '--condition names the images themselves, "file"'],
    [{ condition: ['kind'], family: 'image-critic' }, '--family image-critic has none: leave it out'],
  ])('are refused by the flags: %j', (file, message) => {
    const given = { data: ['x'], imageColumn: 'file', family: 'stylegan', ...file };
    expect(() => resolveImageConfig({ flags: {}, env: {}, file: given })).toThrow(message);
  });
  it('are refused where no column has their name', async () => {
    await expect(train('unnamed', { ...TINY, condition: ['kinds'] })).rejects.toThrow(
      '--condition names "kinds", which is no column of the data. Did you mean "kind"',
    );
  });
});
