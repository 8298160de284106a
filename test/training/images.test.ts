import { readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openTable } from '../../src/tables/table.ts';
import { rawRowBatches } from '../../src/models/features/raw-rows.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import { needs } from '../support/needs.ts';
import { parityGap } from '../support/onnx-parity.ts';
import { part, trainParts, usePartsModel } from '../support/parts.ts';

const run = usePartsModel();
const python = needs('python:onnxruntime');
const open = () => openDetector(join(run().folder, 'model'), { device: 'cpu' });
const SCRATCHES = [
  { row: 12, column: 11 },
  { row: 10, column: 4 },
  { row: 13, column: 7 },
];

describe('a critic of images', () => {
  it('scores scratched parts above all good ones it never saw', async () => {
    const detector = await open();
    const good = Array.from({ length: 30 }, (_, index) => ({ image: part(1000 + index) }));
    const scratched = SCRATCHES.map((scratch, index) => ({ image: part(2000 + index, scratch) }));
    const { scores, verdicts } = await detector.score([...good, ...scratched], { falsePositiveRate: 0.05 });
    expect(Math.max(...scores.subarray(0, 30))).toBeLessThan(Math.min(...scores.subarray(30)));
    expect([...verdicts.subarray(30)]).toEqual([1, 1, 1]);
    await detector.close();
  });

  it('points at the scratch, and shows a normal part beside it', async () => {
    const detector = await open();
    for (const [index, scratch] of SCRATCHES.entries()) {
      const [explanation] = await detector.explain([{ image: part(3000 + index, scratch) }]);
      const { image, score, counterpartScore, contributions } = explanation!;
      expect(Math.abs(image!.row - scratch.row)).toBeLessThanOrEqual(3);
      expect(Math.abs(image!.column - scratch.column)).toBeLessThanOrEqual(4);
      expect(score).toBeGreaterThan(counterpartScore);
      expect(contributions[0]!.contribution).toBeCloseTo(score - counterpartScore, 4);
      expect(Buffer.from(image!.heatMapPng).toString('latin1', 1, 4)).toBe('PNG');
      const [again] = (await detector.score([{ image: image!.counterpartPng }])).scores;
      expect(again).toBeCloseTo(counterpartScore, 3);
    }
    await detector.close();
  });

  it('scores a folder of files as it scores their bytes and their base64', async () => {
    const detector = await open();
    const table = await openTable({ data: [run().data] });
    const batches = [];
    for await (const batch of rawRowBatches(table, detector.description.schema)) batches.push(batch);
    await table.close();
    const fromFiles = await detector.score(batches[0]!.rows);
    const bytes = Array.from({ length: 80 }, (_, seed) => part(seed));
    const fromBytes = await detector.score(bytes.map((image) => ({ image })));
    const fromText = await detector.score(bytes.map((image) => ({ image: Buffer.from(image).toString('base64') })));
    expect(fromFiles.scores).toEqual(fromBytes.scores);
    expect(fromText.scores).toEqual(fromBytes.scores);
    await detector.close();
  });

  it('scores a file that a record names, where it may name files', async () => {
    const detector = await openDetector(join(run().folder, 'model'), { device: 'cpu', imageFolder: run().data });
    const [named, sent] = await Promise.all(
      [{ image: 'file:007.png' }, { image: part(7) }].map((record) => detector.score([record])),
    );
    expect(named!.scores).toEqual(sent!.scores);
    await detector.close();
    const other = await open();
    const refused =
      'record 0: the image "file:007.png" is a reference, and none are followed: start the server with --image-folder';
    await expect(other.score([{ image: 'file:007.png' }])).rejects.toThrow(refused);
    await other.close();
  });

  it('says which record is no image', async () => {
    const detector = await open();
    const score = (record: Readonly<Record<string, unknown>>) => detector.score([{ image: part(1) }, record]);
    await expect(score({})).rejects.toThrow('record 1: there is no field "image": send the image in it');
    await expect(score({ image: 5 })).rejects.toThrow('record 1: "image" is an image: send the bytes');
    await expect(score({ image: Buffer.from('GIF89a') })).rejects.toThrow('record 1: the image cannot be read');
    await detector.close();
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const critic = async (out: string, seed: number): Promise<Buffer> => {
      await trainParts({ data: [run().data], out: join(run().folder, out), seed, steps: 20 });
      return readFile(join(run().folder, out, 'critic.onnx'));
    };
    const first = await critic('again-1', 1);
    expect((await critic('again-2', 1)).equals(first)).toBe(true);
    expect((await critic('again-3', 2)).equals(first)).toBe(false);
  }, 60_000);

  it('stops when it is told to, and leaves no model', async () => {
    const interrupt = new AbortController();
    const out = join(run().folder, 'stopped');
    const onUpdates = (): void => interrupt.abort();
    const stopped = trainParts({ data: [run().data], out }, { signal: interrupt.signal, onUpdates });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(out)).toBe(false);
  });

  it('says before it begins that it is trained on a sample, where more images do not fit into its memory', async () => {
    const note = (message: string): void => {
      if (message.startsWith('training')) throw new Error(message);
    };
    const sampled = { data: [run().data], out: join(run().folder, 'never'), imageSize: 256, memoryBudget: 1 };
    await expect(trainParts(sampled, { note })).rejects.toThrow(
      'training image-critic on 20 of 80 images of 256 x 256 x 1 (a seeded sample): ',
    );
  });

  it('refuses an image that is broken, and names its file', async () => {
    const broken = join(run().folder, 'broken.png');
    await writeFile(broken, Buffer.from(part(1)).subarray(0, 60));
    const data = [run().data, broken];
    const attempts = [{ data }, { data, where: `file NOT LIKE '%/007.png'` }];
    for (const attempt of attempts)
      await expect(trainParts({ ...attempt, out: join(run().folder, 'never') })).rejects.toThrow(
        `${broken}: the image cannot be read`,
      );
  });
});

describe('critic.onnx of images', () => {
  python.it('scores the same in Python', async () => {
    const detector = await open();
    const rows = detector.encode(Array.from({ length: 8 }, (_, index) => ({ image: part(4000 + index) })));
    expect(await parityGap(join(run().folder, 'model'), detector, rows)).toBeLessThan(1e-5);
    await detector.close();
  });
});

describe('the flags of images', () => {
  const resolve = (file: Readonly<Record<string, unknown>>) => resolveImageConfig({ flags: {}, env: {}, file });
  it.each([
    [{ criticOnly: true }, '--critic-only is for images: give --image-column too'],
    [
      { imageColumn: 'image', criticOnly: true, data: ['x'], hidden: [3] },
      '"hidden" has no meaning with --image-column',
    ],
    [
      { imageColumn: 'image', criticOnly: true, data: ['x'], withoutNegatives: ['turn'] },
      '--without-negatives names "turn"',
    ],
    [
      { imageColumn: 'image', criticOnly: true, data: ['x'], imageSize: 33 },
      '8, 16, 32, 64 and so on up to 512 is needed',
    ],
    [
      { imageColumn: 'image', criticOnly: true, data: ['x'], patchSize: 32 },
      '--patch-size 32 is not smaller than --image-size 32',
    ],
    [
      { imageColumn: 'image', criticOnly: true, data: ['x'], imageSize: 64, patchSize: 32, withoutNegatives: ['rot'] },
      '--without-negatives has no meaning with --patch-size: patches are trained against scar alone',
    ],
  ])('are refused where they do not fit: %j', (file, message) => {
    expect(() => resolve(file)).toThrow(message);
  });

  it('say nothing of a run on rows', () => {
    expect(resolve({ data: ['rows.csv'] })).toBeUndefined();
  });
});
